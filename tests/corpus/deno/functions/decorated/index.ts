function logged(method: Function, { name }: ClassMethodDecoratorContext) {
  return function (this: unknown, ...args: unknown[]) {
    console.log(`called ${String(name)}`);
    return method.apply(this, args);
  };
}

class Service {
  accessor count = 0;

  @logged
  next() {
    using counted = { [Symbol.dispose]: () => this.count++ };
    return this.count;
  }
}

const service = new Service();

Deno.serve(() => new Response(String(service.next())));
