// The least that Node needs for durable events over HTTP: `node peer.ts PORT FILE`. Requests that wait share a write
// and a sync; no ids, no checks, no store.
import { fdatasync, openSync, write } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'

const [port, path] = process.argv.slice(2)
const file = openSync(path ?? '', 'a')
const answer = '{"accepted":1,"duplicates":0}\n'
const headers = { 'content-type': 'application/json', 'content-length': answer.length }
let waiting: { readonly body: Buffer; readonly response: ServerResponse }[] = []
let isWriting = false

function next() {
  if (isWriting || waiting.length === 0) return
  const group = waiting
  waiting = []
  isWriting = true
  write(file, Buffer.concat(group.map(({ body }) => body)), () =>
    fdatasync(file, () => {
      for (const { response } of group) response.writeHead(200, headers).end(answer)
      isWriting = false
      next()
    }),
  )
}

createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const body = Buffer.concat(pieces)
    const { specversion } = JSON.parse(body.toString()) as { specversion?: unknown }
    if (specversion === '1.0') waiting.push({ body, response })
    else response.writeHead(400).end()
    next()
  })
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
