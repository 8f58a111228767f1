export const here = [import.meta.filename, import.meta.main];
