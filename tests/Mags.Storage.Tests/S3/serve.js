// Runs an S3 server until standard input ends: node serve.js PACKAGES DIR BUCKET [PORT]
// Its end is tied to the pipe and not to a call, so that it goes even when the tests are killed.
'use strict';
const { createHash } = require('crypto');
const { mkdir, writeFile } = require('fs/promises');
const { dirname } = require('path');
const { Readable } = require('stream');
const [packages, directory, bucket, wanted] = process.argv.slice(2);
const S3rver = require(packages + '/node_modules/s3rver');
const { prototype: store } = require(packages + '/node_modules/s3rver/lib/stores/filesystem');

async function whole(content) {
  if (Buffer.isBuffer(content)) return content;
  const parts = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

// One at a time for each object.
const turns = new Map();
function inTurn(name, work) {
  const done = (turns.get(name) ?? Promise.resolve()).then(work);
  turns.set(name, done.catch(() => {}));
  return done;
}

// S3 has an object whole or as it was, also where its writer is killed, and never shows it half-written. s3rver writes in
// place what comes, so that a reader finds one object's content under another one's hash.
store.putObject = async function ({ bucket, key, content, metadata }) {
  const bytes = await whole(content);
  const md5 = createHash('md5').update(bytes).digest('hex');
  const file = this.getResourcePath(bucket, key, 'object');
  await inTurn(file, async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await this.putMetadata(bucket, key, metadata, md5);
  });
  return { size: bytes.length, md5 };
};

const getObject = store.getObject;
store.getObject = function (bucket, key, options) {
  return inTurn(this.getResourcePath(bucket, key, 'object'), async () => {
    const found = await getObject.call(this, bucket, key, options);
    if (found?.content) found.content = Readable.from([await whole(found.content)]);
    return found;
  });
};

new S3rver({ address: '127.0.0.1', port: Number(wanted || 0), silent: true, directory, configureBuckets: [{ name: bucket }] })
  .run()
  .then(({ port }) => console.log(port));
process.stdin.on('end', () => process.exit(0)).resume();
