// A real Keycloak in memory for one test file, configured through its admin API.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'
import { installKeycloak } from '../install/keycloak.ts'

const READY_LIMIT = 180_000
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

export async function startKeycloak(): Promise<Keycloak> {
  const installed = await installKeycloak()
  if (installed.path === undefined) throw new Error(installed.reason)
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    'sh',
    [
      `${installed.path}/bin/kc.sh`,
      'start-dev',
      '--db=dev-mem',
      '--cache=local',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      '--log-level=warn',
    ],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
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
