// The service in blocking style. Nothing here says `async`: a product is looked up where it is needed, in a getter that the
// callback of reduce reads, or JSON.stringify.
import { sync } from 'greenfiber';
import { createServer, json, send } from 'greenfiber/http';

export function serve(catalogue) {
  const ids = sync(catalogue.ids.bind(catalogue));
  const product = sync(catalogue.product.bind(catalogue));
  const order = sync(catalogue.order.bind(catalogue));

  class Line {
    #found;
    constructor(id) {
      this.id = id;
    }
    get product() {
      return (this.#found ??= product(this.id));
    }
    toJSON() {
      const { name, price } = this.product;
      return { id: this.id, name, price };
    }
  }

  return createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/products') {
      send(response, { products: ids() });
    } else if (pathname.startsWith('/products/')) {
      send(response, product(pathname.slice('/products/'.length)));
    } else if (pathname === '/orders' && request.method === 'POST') {
      const lines = json(request).products.map((id) => new Line(id));
      const total = lines.reduce((sum, line) => sum + line.product.price, 0);
      send(response, { id: order(total), total, lines }, { status: 201 });
    } else {
      send(response, 'There is no such page', { status: 404 });
    }
  });
}
