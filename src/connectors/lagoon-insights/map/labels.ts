/** Names of Lagoon, and Weir's own. */
export const trigger = 'lagoon.sh/insightsType'
export const explicitType = 'insights.lagoon.sh/type'
/** Label: Unix seconds. */
export const deferred = 'lagoon.sh/insightsWriteDeferred'
/** Label. */
export const givenUp = 'insights.lagoon.sh/max-retry-exceeded'
/** An annotation; some builds set a label of this name. */
export const processed = 'lagoon.sh/insightsProcessed'
export const retries = 'insights.lagoon.sh/retries'
export const coreStatus = 'core.insights.lagoon.sh/status'
export const coreEnabled = 'core.insights.lagoon.sh/enabled'
export const trackStatus = 'dependencytrack.insights.lagoon.sh/default-status'
export const customStatus = 'dependencytrack.insights.lagoon.sh/custom-status'
/** Annotation of Weir: the reason why the object is never sent. */
export const rejected = 'insights.lagoon.sh/rejected'
export const environment = 'lagoon.sh/environment'
export const environmentType = 'lagoon.sh/environmentType'
export const environmentId = 'lagoon.sh/environmentId'
export const project = 'lagoon.sh/project'
export const service = 'lagoon.sh/service'
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export const statusSuccess = 'success'
export const statusFailure = 'failure'
/** Status with a journal on a bus: the report is past the sink, delivered or a dead letter. */
export const statusUnknown = 'unknown'
export const statusSkipped = 'skipped:not-enabled'
/** Name of the annotation with the error of a status annotation. */
export const errorOf = (status: string): string => `${status}-error`
/** Annotations of an object are limited to 256 KiB in total. */
export const maxErrorLength = 1024
