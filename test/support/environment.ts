/** Variables that change where Google's libraries connect. */
const VARIABLES = [
  'CLOUDSDK_CONFIG',
  'GCE_METADATA_HOST',
  'GCE_METADATA_IP',
  'GCLOUD_PROJECT',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_CLOUD_QUOTA_PROJECT',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NO_PROXY',
  'google_application_credentials',
  'grpc_proxy',
  'http_proxy',
  'https_proxy',
  'no_grpc_proxy',
  'no_proxy',
];

/** The environment of a process that finds neither credentials, proxies nor certificates of this machine. */
export function bareEnvironment(home: string): NodeJS.ProcessEnv {
  const unset = Object.fromEntries(VARIABLES.map(name => [name, undefined]));
  return { ...unset, HOME: home, METADATA_SERVER_DETECTION: 'none' };
}

/** Makes Google's libraries believe that this is a Google machine: there they wait for the metadata server forever. */
export const GOOGLE_MACHINE: NodeJS.ProcessEnv = { K_SERVICE: 'shipper' };
