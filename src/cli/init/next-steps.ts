/** The commands that start it, for the end of `weir init`. Nothing is published: images are built from a checkout. */
import { fileURLToPath } from 'node:url'
import { realHost } from '../../host/index.ts'
import type { Choices } from './choices.ts'
import { variablesOf } from './configuration.ts'
import { localImage } from './manifests.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const namespace = 'weir'

export async function nextSteps(choices: Choices, configuration: string, dir: string): Promise<readonly string[]> {
  const { target, port, access } = choices
  const variables = variablesOf(configuration)
  const enter = dir === '.' || dir === './' ? [] : [`cd ${quoted(dir)}`]
  const set = variables.length === 0 ? [] : [`Set ${variables.join(', ')}.`]
  const address = `Open http://127.0.0.1:${port}${access === 'local' ? '' : ' and sign in with the token'}`
  const token = (command: string) => (access === 'generated' ? [`${command}   # the token of the first start`] : [])
  switch (target) {
    case 'laptop': {
      const start = (await exists('src/main.ts'))
        ? [`npm start -- --config ${quoted(`${dir}/weir.yaml`)}`]
        : [...enter, 'weir run --config weir.yaml']
      return [...set, ...start, ...token('cat weir-data/token'), address]
    }
    case 'docker':
      return [
        ...(await buildSteps(choices)),
        ...enter,
        ...set,
        'docker compose up --detach',
        ...token('docker compose exec weir cat /data/token'),
        address,
      ]
    case 'kubernetes':
      return [...(await buildSteps(choices)), ...enter, ...(await clusterSteps(choices, variables)), address]
    case 'systemd':
      return [
        ...enter,
        ...(set.length === 0 ? [] : [`Set ${variables.join(', ')} in /etc/default/weir.`]),
        'sudo install -D -m 0640 -g weir weir.yaml /etc/weir/weir.yaml',
        'sudo systemctl restart weir',
        ...token('sudo cat /var/lib/weir/token'),
        address,
      ]
  }
}

async function buildSteps({ image, target }: Choices): Promise<readonly string[]> {
  if (image !== undefined) return []
  const build = (await exists('deploy/image/Dockerfile'))
    ? `docker build --file ${quoted(`${root}deploy/image/Dockerfile`)} --tag ${localImage} ${quoted(root)}`
    : `docker build --file deploy/image/Dockerfile --tag ${localImage} .   # in a checkout of Weir`
  return target === 'docker'
    ? [build]
    : [
        build,
        `Load ${localImage} on the nodes, such as \`kind load docker-image ${localImage}\`, or push it and set`,
        '`image` in values.yaml to its name in the registry.',
      ]
}

async function clusterSteps({ name, port, access }: Choices, variables: readonly string[]) {
  const chart = (await exists('deploy/helm/weir/Chart.yaml')) ? quoted(`${root}deploy/helm/weir`) : 'deploy/helm/weir'
  const inNamespace = `kubectl --namespace ${namespace}`
  return [
    ...(variables.length === 0
      ? []
      : [
          `kubectl create namespace ${namespace}`,
          `${inNamespace} create secret generic weir-secrets ` +
            variables.map((variable) => `--from-literal=${variable}="$${variable}"`).join(' '),
        ]),
    `helm install ${name} ${chart} --namespace ${namespace} --create-namespace --values values.yaml`,
    ...(access === 'generated'
      ? [`${inNamespace} exec statefulset/${name} -- cat /data/token   # the token of the first start`]
      : []),
    `${inNamespace} port-forward service/${name} ${port}:8080`,
  ]
}

async function exists(path: string) {
  return (await realHost().disk.stat(root + path)) !== undefined
}

function quoted(path: string) {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
