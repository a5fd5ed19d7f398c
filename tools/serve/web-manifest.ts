import type { ManifestOptions } from 'vite-plugin-pwa';

/**
 * There is no `share_target` for files: its POST goes to the host of the app wherever the service worker does not run, which
 * would send a file away that is to stay on the device; and a service worker holds the whole form in memory before it sees a
 * byte of it (`Request.formData`).
 */
export const WEB_MANIFEST: Partial<ManifestOptions> = {
  id: './',
  name: 'Witan – a council of language models in your browser',
  short_name: 'Witan',
  description: 'Three small language models answer together, on this device, offline.',
  start_url: './',
  scope: './',
  display: 'standalone',
  // A window with a round or a download in it is not to be navigated away: the page takes the launch itself.
  launch_handler: { client_mode: ['focus-existing', 'auto'] },
  file_handlers: [
    {
      action: './',
      // A type of its own: systems that go by the type would else offer Witan for every binary file.
      accept: { 'application/x-gguf': ['.gguf'] },
    },
  ],
  background_color: '#fbfbfa',
  theme_color: '#fbfbfa',
  icons: [
    { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
    { src: 'icons/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
  ],
};
