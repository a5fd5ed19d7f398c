import type { ManifestOptions } from 'vite-plugin-pwa';

export const WEB_MANIFEST: Partial<ManifestOptions> = {
  id: './',
  name: 'Witan – a council of language models in your browser',
  short_name: 'Witan',
  description: 'Three small language models answer together, on this device, offline.',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: '#fbfbfa',
  theme_color: '#fbfbfa',
  icons: [
    { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
    { src: 'icons/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
  ],
};
