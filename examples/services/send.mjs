// How the variants without greenfiber/http answer: any value, as JSON.
export function send(response, body, status = 200) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
