import { netobservLabels, netobservOptionalLabels } from '../../../model/netobserv-labels.ts'
import type { Assembly, Branch } from '../branch.ts'
import { lokiSink } from '../sinks/loki.ts'
import type { Mounts } from './secrets.ts'
import type { Loki, Spec, Tls } from './shape.ts'

type Server = Readonly<{
  url: string
  tenant: string
  tls?: Tls | undefined
  at: string
  /** Whether the service account's token is sent. */
  token?: boolean
}>

const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'

export function lokiExport(spec: Spec, loki: Loki, branch: Branch, mounts: Mounts, assembly: Assembly): void {
  const { advanced = {} } = loki
  const { url, tenant, tls, at, token = false } = serverOf(loki, spec.namespace ?? 'netobserv')
  const client = mounts.tls(`${at}.tls`, tls)
  const labels = [
    ...netobservLabels,
    ...((spec.processor?.logTypes ?? 'Flows') === 'Flows' ? [] : ['_RecordType']),
    ...(spec.processor?.addZone === true ? netobservOptionalLabels.zones : []),
    ...(spec.processor?.multiClusterDeployment === true ? netobservOptionalLabels.clusters : []),
  ]
  assembly.report.noteAll('spec.loki', loki, {
    readTimeout: 'without effect; the console does not read from Loki',
    querierUrl: 'without effect; the console does not read from Loki',
    statusUrl: 'without effect; the console does not read from Loki',
  })
  lokiSink(
    'loki',
    branch,
    {
      url,
      tenantID: tenant,
      labels: labels.filter((label) => !(advanced.excludeLabels ?? []).includes(label)),
      staticLabels: advanced.staticLabels ?? loki.staticLabels ?? { app: 'netobserv-flowcollector' },
      timestampLabel: 'TimeFlowEndMs',
      batchSize: loki.writeBatchSize ?? loki.batchSize ?? 10_485_760,
      batchWait: loki.writeBatchWait ?? loki.batchWait ?? 1000,
      timeout: loki.writeTimeout ?? loki.timeout ?? 10_000,
      minBackoff: advanced.writeMinBackoff ?? loki.minBackoff ?? 1000,
      maxBackoff: advanced.writeMaxBackoff ?? loki.maxBackoff ?? 5000,
      ...(token || client !== undefined
        ? {
            clientConfig: {
              ...(token ? { authorization: { type: 'Bearer', credentials_file: tokenFile } } : {}),
              ...(client === undefined
                ? {}
                : {
                    tls_config: {
                      ca_file: client.caCertPath,
                      cert_file: client.userCertPath,
                      key_file: client.userKeyPath,
                      insecure_skip_verify: client.insecureSkipVerify,
                    },
                  }),
            },
          }
        : {}),
    },
    'spec.loki',
    assembly,
  )
}

function serverOf(loki: Loki, namespace: string): Server {
  const { mode = 'Manual', manual = {}, microservices = {}, monolithic = {}, lokiStack = {} } = loki
  switch (mode) {
    case 'LokiStack': {
      const { name = 'loki', namespace: own = '' } = lokiStack
      return {
        url: `https://${name}-gateway-http.${own === '' ? namespace : own}.svc.cluster.local:8080/api/logs/v1/network`,
        tenant: 'network',
        at: 'spec.loki.lokiStack',
        token: true,
        tls: {
          enable: true,
          caCert: { type: 'configmap', name: `${name}-gateway-ca-bundle`, certFile: 'service-ca.crt' },
        },
      }
    }
    case 'Monolithic':
      return {
        url: monolithic.installDemoLoki === true ? 'http://loki:3100' : (monolithic.url ?? 'http://loki:3100'),
        tenant: monolithic.tenantID ?? 'netobserv',
        tls: monolithic.tls,
        at: 'spec.loki.monolithic',
      }
    case 'Microservices':
      return {
        url: microservices.ingesterUrl ?? 'http://loki-distributor:3100',
        tenant: microservices.tenantID ?? 'netobserv',
        tls: microservices.tls,
        at: 'spec.loki.microservices',
      }
    case 'Manual': {
      const auth = manual.authToken ?? loki.authToken
      return {
        url: manual.ingesterUrl ?? loki.url ?? 'http://loki:3100',
        tenant: manual.tenantID ?? loki.tenantID ?? 'netobserv',
        tls: manual.tls ?? loki.tls,
        at: loki.manual === undefined ? 'spec.loki' : 'spec.loki.manual',
        token: auth === 'Host' || auth === 'Forward',
      }
    }
  }
}
