import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import packageJson from './package.json' with { type: 'json' };
import { egressFolder, headersPlugin } from './tools/serve/headers.ts';
import { WEB_MANIFEST } from './tools/serve/web-manifest.ts';

export default defineConfig({
  // Relative, so that the built files work on any host and under any path.
  base: './',
  plugins: [
    svelte(),
    headersPlugin(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'workers/service',
      filename: 'service-worker.ts',
      injectRegister: false,
      manifest: WEB_MANIFEST,
      injectManifest: {
        rollupFormat: 'iife',
        // The engine (8.8 MB) and the starter models belong to the offline promise, so they are precached too.
        globPatterns: ['**/*.{html,js,css,svg,png,webmanifest,wasm,gguf,json}'],
        // Engines that few visits need (6.8 and 16 MB) are kept once they were used: see the service worker.
        globIgnores: [
          ...['**/starter/questions.*.json', '**/assets/web-llm{.worker,-package}-*', '**/wllama-compat-*'],
          '**/catalogue/{model-facts,councils}.json',
        ],
        maximumFileSizeToCacheInBytes: 12 * 1024 * 1024,
      },
    }),
  ],
  define: { __WITAN_VERSION__: JSON.stringify(packageJson.version) },
  worker: {
    format: 'es',
    rollupOptions: {
      output: {
        // Workers that may reach other hosts are told apart by their folder, because that decides on their headers.
        entryFileNames: ({ name }) => `${egressFolder(name)?.slice(1) ?? 'assets/'}[name]-[hash].js`,
        // So are the parts that they load later.
        chunkFileNames: ({ name }) => `${egressFolder(name)?.slice(1) ?? 'assets/'}[name]-[hash].js`,
        // Two packages name their engine `wllama.wasm`; only one of them belongs to the offline promise.
        assetFileNames: ({ originalFileNames }) =>
          originalFileNames.some((path) => path.includes('wllama-compat'))
            ? 'assets/wllama-compat-[hash][extname]'
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
  build: {
    target: 'es2023',
    sourcemap: true,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Every browser that can run the app knows `modulepreload` itself (Firefox since 115, Safari since 17).
    modulePreload: { polyfill: false },
  },
  preview: { port: 4173 },
});
