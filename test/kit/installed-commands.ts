// The commands of an installation without flags, as root and as another user, before its server runs and while it
// does. A network of its own has the default ports. Needs Linux, root and `unshare`.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runCommand } from '../../tools/kit/command.ts'

type Installed = Readonly<{
  /** Shell command that runs until it is stopped. */
  server: string
  /** Shell command of `weir`; arguments are added. Starts in a folder of the user. */
  weir: string
  /** Shell words before a command: the root of files and the user. `server` is `root` by default. */
  as: Readonly<{ root: string; other: string; server?: string }>
  /** Shell commands in the mount namespace, before everything. */
  prepare?: string
}>

export type Answer = Readonly<{ code: number; output: string }>

/** By user, then by the words of the command. */
export type Answers = Readonly<Record<'root' | 'other', Readonly<Record<string, Answer>>>>

const event = JSON.stringify({ specversion: '1.0', id: '1', source: '/installed', type: 'com.example.installed' })
const post = `fetch('http://127.0.0.1:8080/events', {method: 'POST', body: process.argv[1],
  headers: {'content-type': 'application/cloudevents+json'}}).then((r) => process.exit(r.status === 200 ? 0 : 1))`
const ready = `fetch('http://127.0.0.1:8081/healthz/ready')
  .then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`
const commands: Readonly<Record<string, string>> = {
  status: 'status',
  health: 'health',
  query: "query -o csv 'SELECT type FROM events'",
  flows: 'flows',
  doctor: 'doctor -o json',
}

export async function installedMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root'
  const ran = await runCommand('unshare', ['--mount', '--net', '--pid', '--fork', 'ip', 'link'], { limit: 30_000 })
  return ran.code === 0 ? undefined : '`unshare` or `ip` is not permitted'
}

/** A folder that every user can read. */
export async function publicFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-installed-'))
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function askInstalled({
  server,
  weir,
  as,
  prepare = '',
}: Installed): Promise<Readonly<{ before: Answers; running: Answers }>> {
  const folder = await publicFolder()
  const ask = Object.entries({ root: as.root, other: as.other }).flatMap(([user, words]) =>
    Object.entries(commands).map(
      ([name, text]) =>
        `${words} ${shell(`${weir} ${text}`)} > "$OUT/$1-${user}-${name}" 2>&1 || code=$?\n` +
        `echo "\${code:-0}" > "$OUT/$1-${user}-${name}.code"; unset code`,
    ),
  )
  const script = `
set -e
ip link set lo up
mount -t proc proc /proc
${prepare}
set +e
ask() {
${ask.join('\n')}
}
ask before
${as.server ?? as.root} ${shell(server)} > "$OUT/server" 2>&1 &
server=$!
until "$NODE" -e "$CHECK"; do
  kill -0 $server 2>/dev/null || exit 9
  sleep 0.1
done
"$NODE" -e "$POST" "$EVENT" || exit 8
ask running
kill -TERM $server
wait $server
`
  await mkdir(join(folder, 'out'))
  await writeFile(join(folder, 'script'), script)
  const ran = await runCommand(
    'unshare',
    ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', join(folder, 'script')],
    {
      limit: 600_000,
      env: {
        OUT: join(folder, 'out'),
        NODE: process.execPath,
        POST: post,
        EVENT: event,
        CHECK: ready,
        WEIR_TOKEN: undefined,
      },
    },
  )
  const log = await text(join(folder, 'out/server'))
  expect(ran.code, `${ran.output}\n${log}`).toBeLessThan(8)
  const answers = async (phase: string): Promise<Answers> => {
    const of = async (user: string): Promise<Record<string, Answer>> =>
      Object.fromEntries(
        await Promise.all(
          Object.keys(commands).map(async (name) => {
            const path = join(folder, 'out', `${phase}-${user}-${name}`)
            return [name, { code: Number(await text(`${path}.code`)), output: await text(path) }] as const
          }),
        ),
      )
    return { root: await of('root'), other: await of('other') }
  }
  return { before: await answers('before'), running: await answers('running') }
}

/** What every installation must do for both users. */
export function expectFound(
  { before, running }: Readonly<{ before: Answers; running: Answers }>,
  kind: 'checkout' | 'package' = 'package',
): void {
  for (const [user, answers] of Object.entries(before)) {
    for (const name of ['status', 'flows', 'query'])
      expect(answers[name], `${user} ${name}`).toMatchObject({
        code: 1,
        output: expect.stringMatching(/^weir: No Weir was found\. Tried:\n/) as unknown,
      })
    expect(answers['health'], user).toMatchObject({ code: 2 })
    for (const { output } of Object.values(answers))
      if (kind === 'package') expect(output, user).not.toContain('npm start')
  }
  for (const [user, answers] of Object.entries(running)) {
    expect(answers['status'], user).toMatchObject({ code: 0, output: expect.stringMatching(/ready/) as unknown })
    expect(answers['health'], user).toEqual({ code: 0, output: 'ready\n' })
    expect(answers['query'], user).toEqual({ code: 0, output: 'type\r\ncom.example.installed\r\n' })
    expect(answers['flows'], user).toMatchObject({ code: 0 })
  }
}

const shell = (command: string): string => `/bin/sh -c '${command.replaceAll("'", `'\\''`)}'`

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
