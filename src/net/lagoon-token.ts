import { errors, jwtVerify, SignJWT } from 'jose'

export type EnvironmentClaims = Readonly<{
  environmentId: string
  environmentName: string
  namespace: string
  projectName: string
}>

export interface VerifiedToken extends EnvironmentClaims {
  /** Unix seconds. */
  readonly issuedAt: number | undefined
  readonly expires: number | undefined
  /** Index of the secret that verified it. */
  readonly secret: number
}

export type VerifyOptions = Readonly<{
  algorithms: readonly string[]
  /** Unix ms. */
  now: number
}>

export const hmacAlgorithms = ['HS256', 'HS384', 'HS512'] as const
/** The defaults of insights-remote and its examples. */
const wellKnown = new Set(['testsecret', 'secret', 'changeme'])
export const leastSecret = 32
const maxToken = 8192

export function isWeakSecret(secret: string): boolean {
  return wellKnown.has(secret) || Buffer.byteLength(secret) < leastSecret
}

export function mintToken(
  secret: string,
  { environmentId, environmentName, namespace, projectName }: EnvironmentClaims,
  lifetime?: Readonly<{ now: number; ms: number }>,
): Promise<string> {
  const issued = Math.floor((lifetime?.now ?? 0) / 1000)
  const claims = {
    EnvironmentId: environmentId,
    EnvironmentName: environmentName,
    Namespace: namespace,
    ProjectName: projectName,
    ...(lifetime === undefined ? {} : { exp: issued + Math.floor(lifetime.ms / 1000), iat: issued }),
  }
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(Buffer.from(secret))
}

/** Undefined for any token that is not valid; the reason is no business of its sender. */
export async function verifyToken(
  token: string,
  secrets: readonly string[],
  { algorithms, now }: VerifyOptions,
): Promise<VerifiedToken | undefined> {
  if (token.length > maxToken) return undefined
  for (const [index, secret] of secrets.entries()) {
    try {
      const { payload } = await jwtVerify(token, Buffer.from(secret), {
        algorithms: [...algorithms],
        typ: 'JWT',
        currentDate: new Date(now),
      })
      const claims = ['EnvironmentId', 'EnvironmentName', 'Namespace', 'ProjectName'].map((name) => payload[name])
      const [environmentId, environmentName, namespace, projectName] = claims.map(textOf)
      if (
        environmentId === undefined ||
        environmentName === undefined ||
        namespace === undefined ||
        projectName === undefined
      )
        return undefined
      return {
        environmentId,
        environmentName,
        namespace,
        projectName,
        issuedAt: payload.iat,
        expires: payload.exp,
        secret: index,
      }
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) return undefined
    }
  }
  return undefined
}

const maxVerified = 1000

export class TokenVerifier {
  readonly #secrets: readonly string[]
  readonly #algorithms: readonly string[]
  readonly #valid = new Map<string, VerifiedToken>()

  constructor(secrets: readonly string[], algorithms: readonly string[]) {
    this.#secrets = secrets
    this.#algorithms = algorithms
  }

  async verify(token: string, now: number): Promise<VerifiedToken | undefined> {
    const verifiedToken = this.#valid.get(token)
    if (verifiedToken !== undefined && (verifiedToken.expires === undefined || verifiedToken.expires * 1000 > now))
      return verifiedToken
    this.#valid.delete(token)
    const verified = await verifyToken(token, this.#secrets, { algorithms: this.#algorithms, now })
    if (verified === undefined) return undefined
    if (this.#valid.size >= maxVerified) this.#valid.clear()
    this.#valid.set(token, verified)
    return verified
  }
}

function textOf(value: unknown) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
