import type { Assembly, Branch } from './branch.ts'
import type { Network, NetworkRule } from './flp-file.ts'
import { addedBy } from './network-fields.ts'
import { MapSequence } from './steps.ts'

const sides = ['Src', 'Dst'] as const
const fixedNames = 'the fields of Weir have the names of NetObserv'

/** Weir enriches every flow, whatever the order of stages; the rules only select the added fields. */
export function networkOf(name: string, branch: Branch, network: Network, path: string, assembly: Assembly): Branch {
  const { report } = assembly
  let { flagNames } = branch
  const added = new MapSequence()
  for (const [index, rule] of (network.rules ?? []).entries()) {
    const at = `${path}.rules[${index}]`
    switch (rule.type) {
      case 'add_kubernetes':
        addKubernetes(rule, network, at, assembly)
        break
      case 'add_kubernetes_infra':
        addLayer(rule, at, assembly)
        break
      case 'add_subnet_label':
        addLabel(rule, network, at, assembly)
        break
      case 'decode_tcp_flags': {
        const { input = '', output = '' } = rule.decode_tcp_flags ?? {}
        if (input === 'Flags' && output === 'Flags') flagNames = true
        else addedBy(rule, network, added, at, assembly)
        break
      }
      case 'reinterpret_direction':
        directions(network, `${path}.directionInfo`, assembly)
        break
      case 'add_location':
        report.refuse(
          `${at}.add_location`,
          'databases of IP2Location are not read; set `geo.country` to a MaxMind database (WEIR_GEO_COUNTRY)',
        )
        break
      case 'add_service':
      case 'add_subnet':
        addedBy(rule, network, added, at, assembly)
        break
      case undefined:
        report.refuse(at, 'the type of the rule is missing')
    }
  }
  if (network.protocolsFile !== undefined)
    report.note(`${path}.protocolsFile`, 'without effect; numbers of protocols are built in')
  return added.applyTo(name, { ...branch, flagNames }, assembly)
}

function addKubernetes({ kubernetes = {} }: NetworkRule, network: Network, at: string, assembly: Assembly) {
  const { report } = assembly
  const path = `${at}.kubernetes`
  const { ipField = '', output = '', add_zone: zone = false } = kubernetes
  assembly.kubernetes ??= {}
  const { configPath = '', secondaryNetworks = [], managedCNI, trackedKinds = [] } = network.kubeConfig ?? {}
  if (configPath !== '') assembly.kubernetes.kubeconfig = configPath
  if (!sides.some((side) => ipField === `${side}Addr` && output === `${side}K8S`))
    report.refuse(path, `\`${output}\` cannot be added for \`${ipField}\`: ${fixedNames} (SrcK8S_…, DstK8S_…)`)
  copyLabels(kubernetes, path, assembly)
  report.refuseAll(path, kubernetes, {
    assignee: fixedNames,
    annotations_prefix: 'annotations are not recorded; copy labels with labels_prefix',
  })
  assembly.identity['zones'] = zone || assembly.identity['zones'] === true
  const kubeConfig = `${at.replace(/\.rules\[\d+\]$/, '')}.kubeConfig`
  for (const [index, { index: keys }] of secondaryNetworks.entries())
    report.note(
      `${kubeConfig}.secondaryNetworks[${index}]`,
      `without effect; networks of Multus and OVN are found by ${Object.keys(keys ?? {}).join(', ') || 'address'}`,
    )
  if (managedCNI !== undefined)
    report.note(`${kubeConfig}.managedCNI`, 'without effect; networks of OVN are always found')
  const others = trackedKinds.filter((kind) => !['ReplicaSet', 'Deployment'].includes(kind))
  if (others.length > 0)
    report.note(`${kubeConfig}.trackedKinds`, `owners are followed to the workload, not to ${others.join(', ')}`)
}

function copyLabels(rule: NonNullable<NetworkRule['kubernetes']>, path: string, assembly: Assembly) {
  const { labels_prefix: prefix = '', label_inclusions: include = [], label_exclusions: exclude = [] } = rule
  const { ipField, label_value_max_length: most } = rule
  if (prefix === '') {
    assembly.report.noteAll(path, rule, {
      label_inclusions: 'without effect; labels_prefix is missing',
      label_exclusions: 'without effect; labels_prefix is missing',
      label_value_max_length: 'without effect; labels_prefix is missing',
    })
    return
  }
  const end = ipField === 'DstAddr' ? 'destination' : 'source'
  const copy = { end, prefix, include, exclude, ...(most === undefined ? {} : { max_length: Math.max(0, most) }) }
  assembly.identity['labels'] = [...((assembly.identity['labels'] ?? []) as readonly unknown[]), copy]
}

function addLayer({ kubernetes_infra: rule = {} }: NetworkRule, at: string, assembly: Assembly) {
  const { infra_prefixes: prefixes = [], infra_refs: refs = [], output = 'K8S_FlowLayer' } = rule
  if (output !== 'K8S_FlowLayer') assembly.report.refuse(`${at}.kubernetes_infra.output`, fixedNames)
  assembly.identity['infra_namespaces'] = prefixes
  const known = ({ namespace, name = '' }: { namespace?: string | undefined; name?: string | undefined }) =>
    namespace === 'default' && ['kubernetes', 'openshift'].includes(name)
  for (const [index, reference] of refs.entries())
    if (!known(reference))
      assembly.report.refuse(
        `${at}.kubernetes_infra.infra_refs[${index}]`,
        'only the services of the API server are infrastructure beside namespaces',
      )
}

/** The longest range determines the label here, the first one in flowlogs-pipeline. */
function addLabel({ add_subnet_label: rule = {} }: NetworkRule, network: Network, at: string, assembly: Assembly) {
  const { input = '', output = '' } = rule
  const side = sides.find((name) => input === `${name}Addr`)
  const part =
    side !== undefined && output === `${side}SubnetLabel`
      ? 'label'
      : side !== undefined && output === `${side}K8S_Name`
        ? 'name'
        : undefined
  if (part === undefined) {
    assembly.report.refuse(`${at}.add_subnet_label`, `\`${output}\` cannot be added for \`${input}\`: ${fixedNames}`)
    return
  }
  for (const { name = '', cidrs = [] } of network.subnetLabels ?? []) {
    for (const cidr of cidrs) {
      const entry = assembly.networks.find((candidate) => candidate.cidr === cidr)
      // The first entry of a range wins, as there.
      if (entry !== undefined) entry[part] ??= name
      else assembly.networks.push({ cidr, [part]: name })
    }
  }
}

const usualDirection: Readonly<Record<string, string>> = {
  reporterIPField: 'AgentIP',
  srcHostField: 'SrcK8S_HostIP',
  dstHostField: 'DstK8S_HostIP',
  flowDirectionField: 'FlowDirection',
}

function directions({ directionInfo = {} }: Network, path: string, { report }: Assembly) {
  for (const [key, value] of Object.entries(directionInfo))
    if (key in usualDirection && value !== '' && value !== usualDirection[key])
      report.refuse(`${path}.${key}`, `\`${value}\` is not ${usualDirection[key]}; ${fixedNames}`)
  const { ifDirectionField = '' } = directionInfo
  if (ifDirectionField !== '')
    report.note(`${path}.ifDirectionField`, 'without effect; directions by interface are in IfDirections')
}
