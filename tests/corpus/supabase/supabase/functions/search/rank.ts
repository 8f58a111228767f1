export default function rank(words: string[], text: string): number {
  return words.filter((word) => text.toLowerCase().includes(word)).length
}
