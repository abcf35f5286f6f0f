import type { ChangePage } from '../../../src/topics/changes/schema.ts'

export type { ChangeGap, ChangeGaps, ChangePage, ChangeSums } from '../../../src/topics/changes/schema.ts'
export type {
  Change as WholeChange,
  ChangeRow as Change,
  HiddenChanges as Hidden,
} from '../../../src/topics/changes/schema.ts'
export type {
  ClusterEvent,
  Relation,
  Resource as WholeResource,
  ResourcePage,
  ResourceRow as ResourceState,
} from '../../../src/topics/resources/schema.ts'

export type Span = ChangePage['span']
