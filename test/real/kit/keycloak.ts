// A real Keycloak in memory for one test file, configured through its admin API.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'
import { installKeycloak } from '../install/keycloak.ts'

const READY_LIMIT = 900_000
const admin = { name: 'admin', password: 'admin-of-the-test' } as const

export interface Keycloak {
  readonly url: string
  /**
   * Calls the admin API below /admin/realms; throws unless it succeeds. Returns the JSON or the location of the new
   * object.
   */
  manage(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  tokens(
    realm: string,
    client: string,
    user: string,
  ): Promise<{ access_token: string; id_token?: string; refresh_token?: string }>
  stop(): Promise<void>
}

/** Password of every user that a test makes. */
export const passwordOf = (user: string): string => `password-of-${user}`

/** A realm to import at the start, and variables that it refers to. */
export interface ImportedRealm {
  readonly realm: string
  readonly env: Readonly<Record<string, string>>
}

export async function startKeycloak(imported?: ImportedRealm): Promise<Keycloak> {
  const installed = await installKeycloak()
  if (installed.path === undefined) throw new Error(installed.reason)
  const own = imported === undefined ? undefined : await homeWith(installed.path, imported.realm)
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    'sh',
    [
      `${own ?? installed.path}/bin/kc.sh`,
      'start-dev',
      '--db=dev-mem',
      '--cache=local',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      '--log-level=warn',
      ...(imported === undefined ? [] : ['--import-realm']),
    ],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...imported?.env,
        KC_BOOTSTRAP_ADMIN_USERNAME: admin.name,
        KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
  const exited = once(child, 'exit')
  // The whole group: the script starts Java.
  const kill = (): void => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // It is gone.
    }
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    kill()
    if (child.exitCode === null && child.signalCode === null) await exited
    if (own !== undefined) await rm(own, { recursive: true, force: true })
  }
  for (
    let waited = 0;
    !(await fetch(`${url}/realms/master`).then(
      ({ ok }) => ok,
      () => false,
    ));
    waited += 250
  ) {
    if (waited > READY_LIMIT || child.exitCode !== null) {
      await stop()
      throw new Error(`Keycloak was not ready (exit ${child.exitCode}):\n${output}`)
    }
    await sleep(250)
  }
  return {
    url,
    stop,
    manage: (method, path, body) => manage(url, method, path, body),
    tokens: (realm, client, user) => passwordGrant(url, realm, client, user, passwordOf(user)),
  }
}

/** A copy of the installation: realms are imported from a folder within it. */
async function homeWith(installed: string, realm: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'weir-keycloak-'))
  await cp(installed, home, { recursive: true })
  await mkdir(join(home, 'data/import'), { recursive: true })
  await writeFile(join(home, 'data/import/realm.json'), realm)
  return home
}

async function passwordGrant(
  url: string,
  realm: string,
  client: string,
  username: string,
  password: string,
): Promise<{ access_token: string }> {
  const answer = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: client, username, password, scope: 'openid' }),
  })
  if (!answer.ok) throw new Error(`no token for ${username}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as { access_token: string }
}

async function manage(url: string, method: string, path: string, body: unknown): Promise<unknown> {
  const { access_token: token } = await passwordGrant(url, 'master', 'admin-cli', admin.name, admin.password)
  const answer = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? answer.headers.get('location')?.split('/').at(-1) : JSON.parse(text)
}
