const PAGE = '<html><body><h1>Old</h1><a href="http://shop.example/x">x</a></body></html>'

class Link {
	element(element) {
		element.setAttribute('href', element.getAttribute('href').replace('http://', 'https://'))
	}
}

export default {
	fetch() {
		return new HTMLRewriter()
			.on('h1', { element: (element) => element.setInnerContent('New') })
			.on('a[href]', new Link())
			.transform(new Response(PAGE, { headers: { 'content-type': 'text/html' } }))
	},
}
