// Runs an S3 server until standard input ends: node serve.js PACKAGES DIR BUCKET [PORT]
// Its end is tied to the pipe and not to a call, so that it goes even when the tests are killed.
'use strict';
const [packages, directory, bucket, wanted] = process.argv.slice(2);
const S3rver = require(packages + '/node_modules/s3rver');

new S3rver({ address: '127.0.0.1', port: Number(wanted || 0), silent: true, directory, configureBuckets: [{ name: bucket }] })
  .run()
  .then(({ port }) => console.log(port));
process.stdin.on('end', () => process.exit(0)).resume();
