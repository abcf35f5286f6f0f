/** Columns of views of Kubernetes objects. */
import { text, type ViewColumn } from './view-columns.ts'

export const cluster: ViewColumn = text('cluster', 'Name of the cluster, as configured in the source')
export const group: ViewColumn = text('api_group', 'API group; empty for the core group')
export const kind: ViewColumn = text('kind', 'Kind: Deployment, Pod …')

/** Columns that identify one object of a kind. */
export const identity: readonly ViewColumn[] = [
  text('namespace', 'Namespace; NULL for cluster-scoped objects'),
  text('name', 'Name of the object'),
  text('uid', 'UID of the object; a recreated object has another'),
]

export const version: ViewColumn = text('resource_version', 'Resource version assigned by the API server')
export const ref: ViewColumn = text('ref', 'The object: k8s:<cluster>/<group>/<kind>/<namespace>/<name>')
