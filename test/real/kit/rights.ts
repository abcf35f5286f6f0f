// What a real API server permits an account, by reviews of access.
import type { Kube } from './kube.ts'

/** `verb resource[.group][/name][:subresource] [namespace]`; without a namespace in all of them. Or `get /path`. */
export type Right = string

/** A function that returns the permitted ones of a list. `account` is `namespace:name`. */
export function rightsOf(kube: Kube, account: string): (rights: readonly Right[]) => Promise<Right[]> {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${account.split(':')[0]}`, 'system:authenticated']
  return async (rights) => {
    const permitted: Right[] = []
    for (const right of rights) {
      const review = await kube.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: `system:serviceaccount:${account}`, groups, ...attributesOf(right) },
      })
      if ((review['status'] as { readonly allowed: boolean }).allowed) permitted.push(right)
    }
    return permitted
  }
}

function attributesOf(right: Right): object {
  const [verb = '', what = '', namespace = ''] = right.split(' ')
  if (what.startsWith('/')) return { nonResourceAttributes: { verb, path: what } }
  const found = /^([a-z*]+)(?:\.([a-z0-9.-]+))?(?:\/([a-z0-9.-]+))?(?::([a-z]+))?$/.exec(what)
  if (found === null) throw new Error(`\`${right}\` is no right`)
  const [, resource, group = '', name = '', subresource = ''] = found
  return { resourceAttributes: { verb, resource, group, name, subresource, namespace } }
}
