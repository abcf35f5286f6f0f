export const changesText = {
  over: (by: string) => `Changes by ${by}`,
  timeHint: 'Time when Weir received the change',
  kindOfGroup: (kind: string, group: string) => `${kind} of ${group}`,
  actorHint: 'User from the audit log, otherwise the program that wrote the object',
  programActor: (actor: string) => `${actor}: a program, not a person`,
  changedHint: 'Summary; open the row for the diff',
  atStart: 'when Weir started watching',
  noiseIs: (noise: string) => `noise: ${noise}`,
  operations: 'Operations',
  removeTheObjectFilter: 'Remove the object filter',
  missingObjects: (missing: string) => `${missing} missing`,
  staleObjects: (stale: string) => `${stale} outdated`,
  deletedObjects: (extra: string) => `${extra} already deleted`,
  gap: (resource: string, cluster: string, sizes: string, cause: string) =>
    `${resource} of ${cluster}: ${sizes}; ${cause}`,
  gapHint:
    'The recorded state differed from the cluster, so Weir relisted it. Changes before the relist arrived then, ' +
    'several combined into one.',
  between: 'between',
  and: 'and',
  showThisTimeRange: 'Show this time range',
  newestGaps: (gaps: string) => `The newest ${gaps}.`,
  hideNoise: 'Hide noise',
  showNoise: 'Show noise',
  noiseWords: 'changes rules heartbeats status',
  filterExample: 'kind = Deployment and paths ~ image, or any words',
  liveHint: 'Show changes as they arrive',
  showingChanges: (rows: string) => `showing ${rows} changes`,
  trafficHint: 'Traffic in the same time range, below the changes',
  traffic: 'Traffic',
  newestMarks: (marks: string) => `The time range has more changes; the newest ${marks} are marked.`,
  needsStore: 'Changes require the store',
  noiseHint: 'Routine changes such as heartbeats and status updates',
  noiseShown: 'Noise shown',
  noChangesHidden: 'no changes hidden',
  hiddenAsNoise: (total: string, rules: string, overlap: string) => `${total} hidden as noise: ${rules}${overlap}`,
  someByRules: ', some by several rules',
  excludedHint:
    'Source rules (noise.show, noise.hide) exclude these changes from the journal. Counted since the start of ' +
    'the source',
  excludedAtSource: (atSource: string) => `${atSource} excluded at the source`,
  cannotWatch: (cluster: string, problem: string) =>
    `▲ ${cluster} cannot be watched, so its changes may be missing: ${problem}`,
  allChangesAreNoise: 'All changes are noise',
  showHiddenChanges: 'Show hidden changes',
  hiddenByRules: (hidden: string, span: string, match: string) =>
    `Rules hide ${hidden} in “${span}”${match}: routine updates without a real cause.`,
  matchingTheFilter: ' that match the filter',
  noChangeMatches: 'No change matches',
  noMatchInRange: (span: string) => `No change in “${span}” matches the filter.`,
  noClusterIsWatched: 'No cluster is watched',
  configureHint:
    'Weir records every change of every Kubernetes object that its account can read: before, after and actor. ' +
    'In weir.yaml:',
  reloadAndRoles: ', or POST /api/v1/reload. The account needs list and watch. The roles are in the guide',
  kubernetesGuide: 'Kubernetes',
  noChanges: 'No changes',
  noneInNamespaces: (span: string) => `No object in your namespaces changed in “${span}”.`,
  noneInRange: (span: string, clusters: string) => `No object was created, updated or deleted in “${span}”${clusters}`,
  inClusters: (clusters: string, count: string) => ` in ${clusters}. ${count} changes arrived since the start.`,
  unwatched: (cluster: string, problem: string) => `${cluster} (cannot be watched: ${problem})`,
  inTotal: (sum: string) => `${sum} in total`,
  trafficOf: (namespaces: string) => `Traffic of ${namespaces}`,
  andJoin: ' and ',
  namespaces: (namespaces: string) => `${namespaces} namespaces`,
  gaps: 'Gaps',
  recipe: `sources:
  prod:
    type: kubernetes
    cluster: prod-eu                  # name of the cluster in every change
    kubeconfig: /etc/weir/kubeconfig  # default: KUBECONFIG, the service account, ~/.kube/config`,
  found: 'found',
}
