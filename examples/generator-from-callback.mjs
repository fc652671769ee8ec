// Turns a parser that pushes events into callbacks into an iterator that pulls them, without touching the
// parser. It stops parsing as soon as nobody wants more.
import { Fiber } from 'greenfiber';

/** A parser as one finds it: it calls back for every tag and text, and decides itself when. */
function parse(xml, { onOpen, onText, onClose }) {
  xml.replace(/<(\/?)([a-z]+)>|([^<]+)/g, (_, slash, tag, text) => {
    if (text !== undefined) onText(text);
    else if (slash) onClose(tag);
    else onOpen(tag);
  });
}

function* events(xml) {
  yield* new Fiber(() => {
    parse(xml, {
      onOpen: (tag) => Fiber.yield({ type: 'open', tag }),
      onText: (text) => Fiber.yield({ type: 'text', text }),
      onClose: (tag) => Fiber.yield({ type: 'close', tag }),
    });
  });
}

const xml = '<list><item>fiber</item><item>generator</item><item>promise</item></list>';

let depth = 0;
for (const { type, tag, text } of events(xml)) {
  if (type === 'close') depth--;
  console.log('  '.repeat(depth) + (text ?? `${type} ${tag}`));
  if (type === 'open') depth++;
  if (text === 'generator') break; // unwinds the parser
}
