import type { Viewer } from '../scope.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { KubernetesRef } from '../../model/refs.ts'
import type { Watched } from '../resources/one.ts'
import type { RunQuery } from '../why/workloads.ts'

/** The investigated object, actor, address, image or account. `text`: for readers; `ref`: its form in links. */
export type Subject = Readonly<{ text: string; ref: string }> &
  (
    | Readonly<{ is: 'object'; parts: KubernetesRef }>
    | Readonly<{ is: 'actor' }>
    | Readonly<{ is: 'address' }>
    | Readonly<{ is: 'resource' }>
    /** `name` with the repository and without a tag; a digest is one of the image. */
    | Readonly<{ is: 'image'; name: string; tag: string | undefined; digest: string | undefined }>
    /** Account of a cloud, with its id: tenant of audit events, account of costs. */
    | Readonly<{ is: 'account'; id: string }>
  )

export type Scene = Watched &
  Readonly<{
    subject: Subject
    span: TimeSpan
    limit: number
    store: StoreReader
    dialect: Dialect
    viewer: Viewer
    runQuery: RunQuery
    related: Related
  }>

/** Objects and addresses that belong to the subject in the time range. */
export type Related = Readonly<{
  /** The subject, its owned objects, and the objects that held the address. */
  refs: readonly string[]
  /** The topmost owner: flows and reports of images name workloads. */
  workload: KubernetesRef | undefined
  /** That an actor used. */
  addresses: readonly string[]
  /** Filter of flows; undefined: flows do not name the subject. */
  filter: string | undefined
  /** Resources of clouds: the resource itself, or the machines that the subject runs on. */
  resources: readonly string[]
}>
