export default (text: string) => text.toUpperCase();
