export const netobservLabels: readonly string[] = [
  'SrcK8S_Namespace',
  'SrcK8S_OwnerName',
  'SrcK8S_Type',
  'DstK8S_Namespace',
  'DstK8S_OwnerName',
  'DstK8S_Type',
  'K8S_FlowLayer',
  'FlowDirection',
]

/** Added by options of the operator. */
export const netobservOptionalLabels = {
  zones: ['SrcK8S_Zone', 'DstK8S_Zone'],
  clusters: ['K8S_ClusterName'],
} as const
