import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../test/kit/free-port.ts'
import { temporaryFolder, weir } from './testing/command.ts'
import { launch } from './testing/launch.ts'

async function receiver(status: number): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.method ?? '')
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, seen }
}

test('weir validate --no-environment accepts a file as an argument and from standard input', async () => {
  const text =
    'listen: ${HOST}:8080\nauth: {tokens: [{name: ci, token: env:NONE}]}\ntls: {cert_file: /a, key_file: /b}\n'
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  const [named, read] = await Promise.all([
    weir(['validate', '--no-environment', file]),
    weir(['validate', '--no-environment', '-'], { input: text }),
  ])
  expect(named.out).toMatch(/weir\.yaml is valid\.\n\nNot verified without an environment:\n  listen +a variable\n/)
  expect(named.out).toMatch(/tokens\[0\]\.token +env:NONE\n +tls\.cert_file +the file \/a/)
  expect(read).toMatchObject({ code: 0, err: '', out: named.out.replace(file, '-') })
})

test('weir test and weir run take files both ways', async () => {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, 'bogus: 1\n')
  const ran = await Promise.all([
    weir(['test', '--config', file]),
    weir(['run', file]),
    weir(['config', file]),
    weir(['doctor', file]),
  ])
  for (const { out, err } of ran) expect(out + err).toContain(`${file}:1:1: error: bogus`)
})

test('weir validate --live opens every port, connects to every sink, sends nothing and leaves no files', async () => {
  const folder = await temporaryFolder()
  const [api, netflow] = await freePorts(2)
  const good = await receiver(204)
  const file = join(folder, 'weir.yaml')
  const config = (hook: string): string => `data: ${folder}/data
listen: 127.0.0.1:${api}
ops: off
sources: {netflow: {listen: "127.0.0.1:${netflow}", tcp: off}, sflow: {listen: off}}
sinks:
  hook: {type: http, url: "${hook}"}
  archive: {type: file, path: ${folder}/out/deep/events.ndjson}
`
  await writeFile(file, config(`http://127.0.0.1:${good.port}/`))
  const fine = await launch(['check', '--config', file, '--live'])
  expect(fine).toMatchObject({ code: 0, stderr: '' })
  expect(fine.stdout).toMatch(
    /ok +port netflow +UDP 127\.0\.0\.1:\d+ is free[^]*ok +sink hook +http:[^]*ok +sink archive +.*will be created, with the folders above it[^]*Everything could be opened and reached\./,
  )
  expect(good.seen).toEqual(['OPTIONS'])
  expect(await readdir(folder)).toEqual(['weir.yaml'])

  const bad = await receiver(403)
  await writeFile(
    file,
    config(`http://127.0.0.1:${bad.port}/`)
      .replace(`127.0.0.1:${netflow}`, '192.0.2.1:2055')
      .replace('out/deep/events.ndjson', 'weir.yaml/events.ndjson'),
  )
  const failing = await launch(['check', '--config', file, '--live'])
  expect(failing.code).toBe(1)
  expect(failing.stdout).toMatch(
    /fail +port netflow +.*does not have the address[^]*fail +sink hook +.*HTTP 403[^]*fail +sink archive +.*is not a folder[^]*3 of 4 could not be opened or reached\./,
  )
  expect((await launch(['check', '--config', file])).code).toBe(0)
})

test('weir validate --live sends nothing for an invalid configuration', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'weir.yaml'), 'lsten: 1\n')
  expect(await launch(['check', '--live', '--config', join(folder, 'weir.yaml')])).toMatchObject({
    code: 2,
    stdout: '',
  })
})
