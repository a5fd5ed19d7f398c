import { mount } from 'svelte';
import { present } from '#kernel/assert';
import { systemClock } from '#kernel/clock';
import { ServiceWorkerClient } from '../platform/service-worker-client.ts';
import AppShell from '../ui/app-shell.svelte';
import { compose } from './compose.ts';

declare const __WITAN_VERSION__: string;

const ports = compose(__WITAN_VERSION__);
window.witan = ports;

const serviceWorker = new ServiceWorkerClient();
mount(AppShell, {
  target: present(document.getElementById('app'), '#app'),
  props: { ports, update: serviceWorker },
});

// The browser keeps launches of an installed app until somebody takes them.
const { launchQueue } = window;
if (launchQueue !== undefined) {
  import('./launches.ts').then(
    ({ takeLaunches }) => {
      takeLaunches(launchQueue, ports, systemClock);
    },
    () => undefined,
  );
}

// Vite's dev server builds no service worker.
if (import.meta.env.PROD) {
  addEventListener('load', () => {
    void serviceWorker.register(new URL('service-worker.js', document.baseURI).href);
  });
}
