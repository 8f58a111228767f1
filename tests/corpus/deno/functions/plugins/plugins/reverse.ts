export default (text: string) => [...text].reverse().join("");
