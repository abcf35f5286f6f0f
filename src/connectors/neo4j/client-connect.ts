import type { Config, Driver } from 'neo4j-driver'
import { revealSecret } from '../../net/secrets.ts'
import type { Neo4jConfig } from './config.ts'

async function loadNeo4j() {
  return (await import('neo4j-driver')).default
}

export async function newDriver({ url, auth, tls, timeout }: Neo4jConfig): Promise<Driver> {
  const library = await loadNeo4j()
  const login =
    auth.type === 'basic'
      ? library.auth.basic(auth.user, revealSecret(auth.password))
      : auth.type === 'bearer'
        ? library.auth.bearer(revealSecret(auth.token))
        : undefined
  return library.driver(url, login, {
    ...tlsOptions(tls),
    userAgent: 'weir',
    telemetryDisabled: true,
    notificationFilter: { minimumSeverityLevel: 'OFF' },
    disableLosslessIntegers: true,
    maxTransactionRetryTime: 0,
    maxConnectionPoolSize: 3,
    connectionTimeout: timeout,
    connectionAcquisitionTimeout: timeout + 1,
  })
}

function tlsOptions(
  tls: Neo4jConfig['tls'],
): Pick<Config, 'encrypted' | 'trust' | 'trustedCertificates' | 'clientCertificate'> {
  if (tls === null) return {}
  return {
    encrypted: true,
    ...(tls.verify ? {} : { trust: 'TRUST_ALL_CERTIFICATES' }),
    ...(tls.verify && tls.ca_file !== null
      ? { trust: 'TRUST_CUSTOM_CA_SIGNED_CERTIFICATES', trustedCertificates: [tls.ca_file] }
      : {}),
    ...(tls.cert_file !== null && tls.key_file !== null
      ? { clientCertificate: { certfile: tls.cert_file, keyfile: tls.key_file } }
      : {}),
  }
}
