/** The console and who gets in: is it built, is the token private, and (with --live) does the provider of identities answer as one. */
import { oidcSettings } from '../../app/config-auth.ts'
import { self } from '../../host/process.ts'
import { builtConsole } from '../../api/console-files.ts'
import { tokenFile } from '../../api/access/generated-token.ts'
import { isLoopback } from '../../api/guard.ts'
import { fail, ok, reason, warn, type Finding, type Scene } from './finding.ts'

export async function checkAccess(scene: Scene): Promise<Finding[]> {
  const built = (await scene.host.disk.stat(`${builtConsole}index.html`)) !== undefined
  return [
    built ? ok('console', 'built') : warn('console', 'not built: the server answers, its pages are missing', 'npm run build:console'),
    await login(scene),
  ]
}

async function login({ host: { disk }, machine, config: { auth, data, listen } }: Scene): Promise<Finding> {
  const ways = [...(auth.oidc === null ? [] : [`login at ${auth.oidc.issuer}`]), ...(auth.tokens.length === 0 ? [] : [`${auth.tokens.length} tokens`])]
  if (ways.length > 0) return ok('access', ways.join(', '))
  if (isLoopback(listen.host)) return ok('access', 'from this machine only, without a token')
  const path = `${data}/${tokenFile}`
  if ((await disk.stat(path)) === undefined) return ok('access', `a token, which the first start makes and keeps in ${path}`)
  const mode = (await machine.ownership(path))?.mode ?? 0o600
  return (mode & 0o077) === 0 ? ok('access', `the token in ${path}`) : warn('access', `the token in ${path} can be read by others (mode ${mode.toString(8).padStart(4, '0')})`, `chmod 600 ${path}`)
}

/** Nobody is logged in. */
export async function checkProvider({ host, config: { auth } }: Scene): Promise<Finding[]> {
  const settings = oidcSettings(auth, (secret) => secret.reveal(self.env, (path) => self.readTextFile(path)))
  if (settings === undefined) return []
  const { Provider } = await import('../../api/access/oidc/provider.ts')
  try {
    await new Provider(settings, host).reach()
    return [ok('login', `${settings.issuer} answers as a provider of identities`)]
  } catch (error) {
    return [fail('login', reason(error), 'Correct `auth.oidc.issuer`, or let this machine reach it; nobody can log in there until then.')]
  }
}
