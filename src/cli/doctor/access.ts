import { oidcSettings } from '../../app/config-auth.ts'
import { self } from '../../host/process.ts'
import { builtConsole } from '../../api/console/files.ts'
import { tokenFile } from '../../api/access/generated-token.ts'
import { isLoopback } from '../../api/access/guard.ts'
import { formatHostPort } from '../../schema/index.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'

export async function checkAccess(scene: CheckContext): Promise<Finding[]> {
  const built = (await scene.host.disk.stat(`${builtConsole}index.html`)) !== undefined
  return [
    built
      ? ok('console', 'built')
      : warn('console', 'not built: the API works, but the pages are missing', 'npm run build:console'),
    await login(scene),
    ...(await certificate(scene)),
  ]
}

async function login({ host: { disk }, machine, config: { auth, data, listen } }: CheckContext): Promise<Finding> {
  const ways = [
    ...(auth.oidc === null ? [] : [`sign-in at ${auth.oidc.issuer}`]),
    ...(auth.tokens.length === 0 ? [] : [`${auth.tokens.length} tokens`]),
  ]
  if (ways.length > 0) return ok('access', ways.join(', '))
  if (isLoopback(listen.host)) return ok('access', 'from this machine only, without a token')
  const path = `${data}/${tokenFile}`
  if ((await disk.stat(path)) === undefined)
    return ok('access', `a token, which the first start generates and stores in ${path}`)
  const mode = (await machine.ownership(path))?.mode ?? 0o600
  return (mode & 0o077) === 0
    ? ok('access', `the token in ${path}`)
    : warn(
        'access',
        `the token in ${path} can be read by others (mode ${mode.toString(8).padStart(4, '0')})`,
        `chmod 600 ${path}`,
      )
}

const dayMs = 86_400_000
/** ACME renews certificates about 30 days before they expire. */
const expiryWarningDays = 14

async function certificate({ host: { disk, clock }, config: { tls, listen } }: CheckContext): Promise<Finding[]> {
  if (tls === null)
    return isLoopback(listen.host)
      ? []
      : [ok('tls', `plain HTTP on ${formatHostPort(listen)}; set \`tls\`, or terminate TLS in a reverse proxy`)]
  const { X509Certificate } = await import('node:crypto')
  try {
    const { validTo } = new X509Certificate(await disk.readFile(tls.cert_file))
    const days = Math.floor((Date.parse(validTo) - clock.now()) / dayMs)
    const until = new Date(validTo).toISOString().slice(0, 10)
    if (days < 0)
      return [
        fail('tls', `the certificate ${tls.cert_file} expired on ${until}`, 'Renew it: clients refuse the connection.'),
      ]
    return [
      days < expiryWarningDays
        ? warn(
            'tls',
            `the certificate ${tls.cert_file} expires on ${until}`,
            'Renew it. Weir uses renewed files without a restart.',
          )
        : ok('tls', `a certificate until ${until}`),
    ]
  } catch (error) {
    return [
      fail('tls', `the certificate ${tls.cert_file} cannot be read: ${reason(error)}`, 'Correct `tls.cert_file`.'),
    ]
  }
}

export async function checkProvider({ host, config: { auth } }: CheckContext): Promise<Finding[]> {
  const settings = oidcSettings(auth, (secret) => secret.reveal(self.env, (path) => self.readTextFile(path)))
  if (settings === undefined) return []
  const { Provider } = await import('../../api/access/oidc/provider.ts')
  try {
    await new Provider(settings, host).reach()
    return [ok('login', `${settings.issuer} responds as an OpenID provider`)]
  } catch (error) {
    return [fail('login', reason(error), 'Correct `auth.oidc.issuer`, or make it reachable; sign-ins fail until then.')]
  }
}
