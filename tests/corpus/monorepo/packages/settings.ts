export const settings = { place: import.meta.url, name: 'acme' }
