import { kubeconfigField } from './kubeconfig-field.ts'
import { ackSink } from './ack.ts'
import { ackField } from './ack-field.ts'
import { group } from './collections.ts'
import { Complaint } from './complaint.ts'
import { duration } from './quantities.ts'
import { text } from './scalars.ts'

/** Leader election of polling sources with separate journals. */
export const leaseFields = {
  lease: group(
    {
      name: text(
        {
          description:
            'Name of a Kubernetes `Lease`: one of several instances with separate journals polls, the others ' +
            'stand by. The Lease also stores the position and newest ids, so an instance without a volume ' +
            'can resume. The account needs `get`, `create` and `update` on it',
          required: true,
          example: 'weir-cts',
        },
        { pattern: /[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/, expects: 'a name of lower-case letters, digits and `-`' },
      ),
      namespace: text({
        description: 'Namespace of the Lease. Unset: the namespace of the pod or kubeconfig, else `default`',
        default: null,
        example: 'weir',
      }),
      kubeconfig: kubeconfigField(),
      duration: duration(
        {
          description: 'Time without renewal after which another instance takes over',
          default: '10s',
        },
        { min: '2s', max: '5m' },
      ),
    },
    { description: 'Leader election and checkpoint outside the journal', default: null, example: { name: 'weir-cts' } },
  ),
  ack: ackField(
    'Rows that the checkpoint in the lease covers: rows in the journal, or rows that a sink settled ' +
      '(delivered, filtered or dead-lettered). With a sink, no row is lost even if the journal has no volume. ' +
      'That sink needs `when_behind: block`',
  ),
}

export function leaseComplaint({ lease, ack }: { lease: object | null; ack: string }): Complaint | null {
  return lease === null && ackSink(ack) !== undefined
    ? new Complaint(
        '`ack` defines what the checkpoint in a lease covers, and no `lease` is set',
        'set `lease`, or leave out `ack`',
        ['ack'],
      )
    : null
}
