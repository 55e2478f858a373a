/**
 * Node.js' HTTP without its other parts: `import` evaluates all exports, and for its WebSocket Node.js loads a second
 * HTTP client, which takes 20 ms and 13 MB.
 */
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
