/** Names as of the kernel, Open vSwitch and Go's crypto/tls. An unknown number keeps its value in the name. */

const skb = (
  'NOT_SPECIFIED NO_SOCKET PKT_TOO_SMALL TCP_CSUM SOCKET_FILTER UDP_CSUM NETFILTER_DROP OTHERHOST IP_CSUM IP_INHDR ' +
  'IP_RPFILTER UNICAST_IN_L2_MULTICAST XFRM_POLICY IP_NOPROTO SOCKET_RCVBUFF PROTO_MEM TCP_MD5NOTFOUND ' +
  'TCP_MD5UNEXPECTED TCP_MD5FAILURE SOCKET_BACKLOG TCP_FLAGS TCP_ZEROWINDOW TCP_OLD_DATA TCP_OVERWINDOW TCP_OFOMERGE ' +
  'TCP_RFC7323_PAWS TCP_INVALID_SEQUENCE TCP_RESET TCP_INVALID_SYN TCP_CLOSE TCP_FASTOPEN TCP_OLD_ACK ' +
  'TCP_TOO_OLD_ACK TCP_ACK_UNSENT_DATA TCP_OFO_QUEUE_PRUNE TCP_OFO_DROP IP_OUTNOROUTES BPF_CGROUP_EGRESS ' +
  'IPV6DISABLED NEIGH_CREATEFAIL NEIGH_FAILED NEIGH_QUEUEFULL NEIGH_DEAD TC_EGRESS QDISC_DROP CPU_BACKLOG XDP ' +
  'TC_INGRESS UNHANDLED_PROTO SKB_CSUM SKB_GSO_SEG SKB_UCOPY_FAULT DEV_HDR DEV_READY FULL_RING NOMEM HDR_TRUNC ' +
  'TAP_FILTER TAP_TXFILTER ICMP_CSUM INVALID_PROTO IP_INADDRERRORS IP_INNOROUTES PKT_TOO_BIG DUP_FRAG ' +
  'FRAG_REASM_TIMEOUT FRAG_TOO_FAR TCP_MINTTL IPV6_BAD_EXTHDR IPV6_NDISC_FRAG IPV6_NDISC_HOP_LIMIT ' +
  'IPV6_NDISC_BAD_CODE IPV6_NDISC_BAD_OPTIONS IPV6_NDISC_NS_OTHERHOST QUEUE_PURGE TC_COOKIE_ERROR PACKET_SOCK_ERROR ' +
  'TC_CHAIN_NOTFOUND TC_RECLASSIFY_LOOP'
).split(' ')

const ovs = (
  'LAST_ACTION ACTION_ERROR EXPLICIT EXPLICIT_WITH_ERROR METER RECURSION_LIMIT DEFERRED_LIMIT FRAG_L2_TOO_LONG ' +
  'FRAG_INVALID_PROTO CONNTRACK IP_TTL'
).split(' ')

const policies = (
  'Unknown EgressFirewall AdminNetworkPolicy BaselineAdminNetworkPolicy NetworkPolicy MulticastNS MulticastCluster ' +
  'NetpolNode NetpolNamespace UDNIsolation'
).split(' ')

const ovsBase = 3 << 16
const policyBase = 1 << 24

export function dropCauseName(cause: number): string {
  const kernel = skb[cause - 2]
  if (kernel !== undefined) return `SKB_DROP_REASON_${kernel}`
  const vswitch = ovs[cause - ovsBase - 1]
  if (vswitch !== undefined) return `OVS_DROP_${vswitch}`
  const policy = policies[cause - policyBase]
  return policy === undefined ? `SKB_DROP_UNKNOWN_CAUSE_${cause}` : `NetworkEvent_${policy}`
}

const tcpStates =
  'ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV'.split(' ')

export function tcpStateName(state: number): string {
  return `TCP_${tcpStates[state - 1] ?? 'INVALID_STATE'}`
}

const rcodes = 'NoError FormErr ServFail NXDomain NotImp Refused YXDomain YXRRSet NXRRSet NotAuth NotZone'.split(' ')

/** The response code in the last four bits of DNS header flags. */
export function dnsRcodeName(flags: number): string {
  return rcodes[flags & 0xf] ?? 'UnDefined'
}

const tlsVersions = new Map([
  [0x0300, 'SSLv3'],
  [0x0301, 'TLS 1.0'],
  [0x0302, 'TLS 1.1'],
  [0x0303, 'TLS 1.2'],
  [0x0304, 'TLS 1.3'],
])

export function tlsVersionName(version: number): string {
  return tlsVersions.get(version) ?? hex(version)
}

/** Client and server reported different versions. */
export const mismatchedTlsVersionName = (version: number): string => `~ ${tlsVersionName(version)}`

const tlsGroups = new Map([
  [23, 'CurveP256'],
  [24, 'CurveP384'],
  [25, 'CurveP521'],
  [29, 'X25519'],
  [4587, 'SecP256r1MLKEM768'],
  [4588, 'X25519MLKEM768'],
  [4589, 'SecP384r1MLKEM1024'],
])

export function tlsGroupName(group: number): string {
  return tlsGroups.get(group) ?? `CurveID(${group})`
}

const cipherSuites = new Map([
  [0x0005, 'RSA_WITH_RC4_128_SHA'],
  [0x000a, 'RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x002f, 'RSA_WITH_AES_128_CBC_SHA'],
  [0x0035, 'RSA_WITH_AES_256_CBC_SHA'],
  [0x003c, 'RSA_WITH_AES_128_CBC_SHA256'],
  [0x009c, 'RSA_WITH_AES_128_GCM_SHA256'],
  [0x009d, 'RSA_WITH_AES_256_GCM_SHA384'],
  [0x1301, 'AES_128_GCM_SHA256'],
  [0x1302, 'AES_256_GCM_SHA384'],
  [0x1303, 'CHACHA20_POLY1305_SHA256'],
  [0xc007, 'ECDHE_ECDSA_WITH_RC4_128_SHA'],
  [0xc009, 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
  [0xc00a, 'ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc011, 'ECDHE_RSA_WITH_RC4_128_SHA'],
  [0xc012, 'ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0xc013, 'ECDHE_RSA_WITH_AES_128_CBC_SHA'],
  [0xc014, 'ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0xc023, 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
  [0xc027, 'ECDHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0xc02b, 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  [0xc02c, 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc02f, 'ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc030, 'ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xcca8, 'ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xcca9, 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
])

export function tlsCipherSuiteName(suite: number): string {
  const cipherSuite = cipherSuites.get(suite)
  return cipherSuite === undefined ? hex(suite) : `TLS_${cipherSuite}`
}

export const tlsTypes = ['ClientHello', 'ServerHello', 'OtherHandshake', 'ChangeCipher', 'Alert', 'AppData'] as const

function hex(value: number) {
  return `0x${value.toString(16).toUpperCase().padStart(4, '0')}`
}
