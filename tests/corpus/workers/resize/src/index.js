import wasm from './add.wasm'
import again from './add.wasm?module'
import curve from './curve.lut'

export default {
	async fetch() {
		const { exports } = await WebAssembly.instantiate(wasm, {})
		const second = new WebAssembly.Instance(again)
		return Response.json([wasm instanceof WebAssembly.Module, exports.add(1, 2), second.exports.add(3, 4), curve.byteLength])
	},
}
