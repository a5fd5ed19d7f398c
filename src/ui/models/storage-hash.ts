/** The fragment under which the health of the store is shown; a part of the Models page. */
export const STORAGE_HASH = '#/models/storage';
