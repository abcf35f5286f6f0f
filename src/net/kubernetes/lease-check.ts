import type { Host } from '../../host/index.ts'
import type { Client } from './client.ts'
import { withDeadline } from './deadline.ts'
import { readObject } from './object.ts'
import { readStatus } from './status.ts'
import { connectLease, type LeaseSettings } from './leader-lease.ts'
import { messageOf } from '../../model/errors.ts'

type LeaseCheck = Readonly<{
  is: 'ok' | 'fail'
  message: string
}>

const timeoutMs = 5000
const verbs = ['get', 'create', 'update'] as const

/** Checks the permissions on the Lease by access reviews; the Lease itself is not read. Empty without settings. */
export async function checkLease(
  settings: LeaseSettings | null,
  { host }: { host: Host },
  signal: AbortSignal,
): Promise<readonly LeaseCheck[]> {
  if (settings === null) return []
  const { client, ref } = await connectLease(settings, host)
  const name = `Lease ${ref.namespace}/${ref.name}`
  try {
    const allowed = await withDeadline(signal, { timers: host.timers, ms: timeoutMs }, (until) =>
      Promise.all(verbs.map((verb) => isAllowed(client, verb, ref, until))),
    )
    const missing = verbs.filter((_, at) => allowed[at] === false)
    return [
      missing.length === 0
        ? { is: 'ok', message: `${name}: read and write access` }
        : {
            is: 'fail',
            message:
              `${name}: the account lacks ${missing.join(', ')}; ` +
              'grant `get`, `create` and `update` on leases.coordination.k8s.io there',
          },
    ]
  } catch (error) {
    return [{ is: 'fail', message: `${name}: ${messageOf(error)}` }]
  } finally {
    client.close()
  }
}

async function isAllowed(
  { write }: Pick<Client, 'write'>,
  verb: (typeof verbs)[number],
  { name, namespace }: { name: string; namespace: string },
  signal: AbortSignal,
): Promise<boolean> {
  // RBAC cannot limit `create` to a name.
  const resourceAttributes = {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace,
    verb,
    ...(verb === 'create' ? {} : { name }),
  }
  const answer = await write(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
    signal,
  )
  if (answer.status !== 201) {
    const { code, message = '' } = await readStatus(answer)
    throw new Error(`the API server rejected the access review: ${code}${message === '' ? '' : ` ${message}`}`)
  }
  const { status } = (await readObject(answer)) as { readonly status?: { readonly allowed?: boolean } }
  return status?.allowed === true
}
