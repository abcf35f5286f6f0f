import { filePath } from './scalars.ts'

export const kubeconfigField = (
  description = 'Kubeconfig file. Unset: `KUBECONFIG`, else the service account of the pod',
) => filePath({ description, default: null, example: '/etc/weir/kubeconfig' }, { holds: 'anything' })
