import type { Host } from '../host/index.ts'
import { revealSecret } from '../net/secrets.ts'
import { readTls, type TlsOptions } from '../net/tls.ts'
import type { AwsConfig } from './aws-settings.ts'
import { withoutUndefined } from '../model/json.ts'

export type AwsOptions = Readonly<{
  maxAttempts: 1
  logger: Quiet
  region?: string
  endpoint?: string
  profile?: string
  /** Missing in the SDK's types: disables the process-wide cache of credential files. */
  ignoreCache: true
  credentials?: Readonly<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>
  requestHandler: Readonly<{
    connectionTimeout: number
    logger: Quiet
    httpsAgent: TlsOptions | Record<string, never>
  }>
}>

const say = (): void => undefined
const quiet = { trace: say, debug: say, info: say, warn: say, error: say }
type Quiet = typeof quiet

export async function awsOptions(
  { region, endpoint, timeout, auth, tls }: AwsConfig,
  { disk }: Pick<Host, 'disk'>,
  address: string,
): Promise<AwsOptions> {
  const signingRegion = region ?? regionIn(address)
  const to = endpoint ?? (address.includes('://') ? new URL(address).origin : undefined)
  return {
    maxAttempts: 1,
    logger: quiet,
    ignoreCache: true,
    requestHandler: { connectionTimeout: timeout, logger: quiet, httpsAgent: (await readTls(tls, disk)) ?? {} },
    ...withoutUndefined({ region: signingRegion, endpoint: to }),
    ...(auth.type === 'keys' ? { credentials: keysOf(auth) } : auth.profile === null ? {} : { profile: auth.profile }),
  }
}

export function regionIn(address: string): string | undefined {
  return (
    /^arn:[^:]*:[^:]*:([a-z0-9-]+):/.exec(address)?.[1] ??
    /^https?:\/\/(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z]{2}[a-z0-9-]*-\d+)\.(?:vpce\.)?(?:amazonaws\.com|api\.aws)/.exec(
      address,
    )?.[1]
  )
}

function keysOf({
  access_key_id,
  secret_access_key,
  session_token,
}: Extract<AwsConfig['auth'], { readonly type: 'keys' }>): NonNullable<AwsOptions['credentials']> {
  return {
    accessKeyId: access_key_id,
    secretAccessKey: revealSecret(secret_access_key).trim(),
    ...(session_token === null ? {} : { sessionToken: revealSecret(session_token).trim() }),
  }
}
