// An addon with threads and callbacks.
'use strict';

const sharp = require('sharp');

const { blocking, pause } = require('../blocking.cjs');
const { digest } = require('../digest.cjs');

const width = 200;
const pixels = Buffer.from(Array.from({ length: width * width * 3 }, (_, i) => (i * 7) % 256));

const process = blocking((angle) => {
  const image = sharp(pixels, { raw: { width, height: width, channels: 3 } })
    .rotate(angle)
    .resize(pause(64))
    .sharpen()
    .raw();
  return new Promise((resolve, reject) => {
    image.toBuffer(
      (error, data, info) =>
        void blocking(() => (error ? reject(error) : resolve([info.width, pause(digest(data))])))(),
    );
  });
});

Promise.all([0, 90, 180, 270, 0, 90].map((angle) => process(angle))).then((results) =>
  console.log(results),
);
