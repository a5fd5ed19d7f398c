/** Where the settings lie in their store of the database. */
export const SETTINGS_KEY = 'settings';
