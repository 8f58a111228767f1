import add from './add.wasm?module'
import profile from './srgb.icc'

const instance = new WebAssembly.Instance(add, {})

export default {
	async fetch(request) {
		const [width, height] = new URL(request.url).searchParams.getAll('side').map(Number)
		return Response.json({ around: 2 * instance.exports.add(width, height), profile: new Uint8Array(profile).length })
	},
}
