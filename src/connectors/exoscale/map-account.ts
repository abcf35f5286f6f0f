import { createHash } from 'node:crypto'
import { textOf, type Fields } from '../../model/json.ts'
import { CollectError, type Sample, type Snapshot } from '../../polling/inventory/collector.ts'
import { label, numberOf, resourceOf, snapshotOf } from './map-fields.ts'

export function mapOrganization(given: Fields): Snapshot {
  const [id, name] = [label(given['id']), label(given['name'])]
  const parts = Object.fromEntries(['address', 'postcode', 'city', 'country'].map((part) => [part, label(given[part])]))
  const address = Object.values(parts)
    .filter((part) => part !== '')
    .join(', ')
  const account = { organization_id: id, organization_name: name }
  const balance = numberOf(given['balance'])
  const samples: Sample[] = [
    { name: 'cloud_account_info', value: 1, labels: { name, address } },
    { name: 'exoscale_organization_info', value: 1, labels: { ...account, ...parts } },
  ]
  if (balance !== undefined)
    samples.push(
      { name: 'exoscale_organization_balance', value: balance, labels: account },
      { name: 'exoscale_organization_usage', value: 0 - balance, labels: account },
    )
  return { resources: [], complete: true, samples }
}

export function balanceOf(given: Fields): Snapshot {
  const balance = numberOf(given['balance'])
  if (balance === undefined) throw new CollectError('decode', 'the balance is no number')
  const labels = { currency: textOf(given['currency']) ?? '' }
  return { resources: [], complete: true, samples: [{ name: 'cloud_account_balance', value: balance, labels }] }
}

/** The id is a part of the credential: metrics have a digest. */
export function mapKeys(keys: readonly Fields[]): Snapshot {
  return snapshotOf(
    keys.map((key) => {
      const role = textOf(key['role-id'])
      const attributes = role === undefined ? undefined : { role }
      return resourceOf(key, { type: 'api_key', region: 'global', id: textOf(key['key']) }, { attributes })
    }),
    {
      samples: keys.map((key) => ({
        name: 'exoscale_iam_key',
        value: 1,
        labels: {
          key: createHash('sha256').update(label(key['key'])).digest('hex').slice(0, 8),
          name: label(key['name']),
          role: label(key['role-id']),
        },
      })),
      totals: [{ name: 'exoscale_iam_key_count', value: keys.length }],
    },
  )
}

export function mapSshKeys(keys: readonly Fields[]): Snapshot {
  return snapshotOf(
    keys.map((key) => {
      const print = textOf(key['fingerprint'])
      return resourceOf(
        key,
        { type: 'ssh_key', region: 'global', id: textOf(key['name']) },
        { attributes: print === undefined ? undefined : { fingerprint: print } },
      )
    }),
    {
      samples: keys.map((key) => ({
        name: 'exoscale_ssh_key',
        value: 1,
        labels: { fingerprint: label(key['fingerprint']), name: label(key['name']) },
      })),
    },
  )
}

export function mapQuotas(quotas: readonly Fields[]): Snapshot {
  return {
    resources: [],
    complete: true,
    samples: quotas.flatMap((quota): Sample[] => {
      const [used, limit] = [numberOf(quota['usage']), numberOf(quota['limit'])]
      const labels = { region: 'global', resource: label(quota['resource']) }
      return [
        ...(used === undefined ? [] : [{ name: 'cloud_quota_used' as const, value: used, labels }]),
        ...(limit === undefined
          ? []
          : [{ name: 'cloud_quota_limit' as const, value: limit < 0 ? Infinity : limit, labels }]),
      ]
    }),
  }
}
