import type { Host } from '../../host/index.ts'
import type { Client } from './client.ts'
import { limited } from './limited.ts'
import { readObject } from './object.ts'
import { readStatus } from './status.ts'
import { reachLease, type LeaseSettings } from './turn.ts'
import { messageOf } from '../../model/errors.ts'

export interface LeaseLook {
  readonly is: 'ok' | 'fail'
  readonly message: string
}

const answerMs = 5000
const verbs = ['get', 'create', 'update'] as const

/**
 * Whether the API server lets us take turns by a Lease, as it says itself: nothing is read or written. Empty where none
 * is asked for.
 */
export async function lookAtLease(
  settings: LeaseSettings | null,
  { host }: { readonly host: Host },
  signal: AbortSignal,
): Promise<readonly LeaseLook[]> {
  if (settings === null) return []
  const { client, place } = await reachLease(settings, host)
  const name = `Lease ${place.namespace}/${place.name}`
  try {
    const allowed = await limited(signal, { timers: host.timers, ms: answerMs }, (asked) =>
      Promise.all(verbs.map((verb) => may(client, verb, place, asked))),
    )
    const lacking = verbs.filter((_, at) => allowed[at] === false)
    return [
      lacking.length === 0
        ? { is: 'ok', message: `${name} may be read and written by us` }
        : {
            is: 'fail',
            message:
              `${name}: our account may not ${lacking.join(', ')} it; give it \`get\`, \`create\` and ` +
              `\`update\` of leases.coordination.k8s.io there`,
          },
    ]
  } catch (error) {
    return [{ is: 'fail', message: `${name}: ${messageOf(error)}` }]
  } finally {
    client.close()
  }
}

async function may(
  { write }: Pick<Client, 'write'>,
  verb: (typeof verbs)[number],
  { name, namespace }: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<boolean> {
  // A right to create can't be bound to a name.
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
    throw new Error(`the API server does not say what we may: ${code}${message === '' ? '' : ` ${message}`}`)
  }
  const { status } = (await readObject(answer)) as { readonly status?: { readonly allowed?: boolean } }
  return status?.allowed === true
}
