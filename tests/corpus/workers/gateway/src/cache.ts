const paths: string[] = []

export const cache = {
	async add(path: string) {
		paths.push(path)
	},
	all: () => [...paths],
}
