// What a program can find out about the process that it runs in. Nothing here may depend on time or chance.
'use strict';
const loaded = [...process.moduleLoadList];
const cached = Object.keys(require.cache);
const resources = process.getActiveResourcesInfo();
const fs = require('fs');
const os = require('os');
const v8 = require('v8');
const show = (name, value) => console.log(name, '=', typeof value === 'string' ? value : JSON.stringify(value));
const text = path => fs.readFileSync(path, 'latin1').split('\0').join('|');

show('loaded', loaded);
show('cache', cached);
show('resources', resources);
for (const name of ['argv', 'argv0', 'execArgv', 'execPath', 'title', 'version', 'arch', 'platform', 'release',
  'features', 'allowedNodeEnvironmentFlags', 'exitCode', 'debugPort', 'report', 'noDeprecation', 'throwDeprecation']) {
  show('process.' + name, process[name] === undefined ? null : process[name]);
}
show('process names', Reflect.ownKeys(process).map(String));
show('global names', Reflect.ownKeys(globalThis).map(String));
show('module', [module.id, module.filename, module.loaded, module.paths, module.parent === null, module.children.length,
  require.main === module, __filename, __dirname, Reflect.ownKeys(module).map(String)]);
show('extensions', Object.keys(require.extensions));
show('cwd', process.cwd());
show('environment', Object.entries(process.env).sort());
show('stack', new Error('x').stack);
show('listeners', process.eventNames().map(name => [String(name), process.listenerCount(name)]));
show('domain', [process.domain === undefined, process.hasUncaughtExceptionCaptureCallback()]);
for (const name of ['stdin', 'stdout', 'stderr']) {
  const stream = process[name];
  show(name, [stream.constructor.name, stream.fd, Boolean(stream.isTTY), stream.writableHighWaterMark,
    stream.readableHighWaterMark, stream.readableFlowing, stream._type, stream.listenerCount('data')]);
}
show('heap', [v8.getHeapStatistics().heap_size_limit, v8.getHeapStatistics().number_of_native_contexts]);
show('memory', [process.constrainedMemory(), os.totalmem(), os.cpus().length, os.availableParallelism()]);
show('os', [os.tmpdir(), os.homedir(), os.userInfo(), os.getPriority(), os.hostname()]);
show('umask', process.umask());
show('ids', [process.getuid(), process.getgid(), process.getgroups()]);
show('/proc/self/cmdline', text('/proc/self/cmdline'));
show('/proc/self/environ', text('/proc/self/environ').split('|').sort());
show('/proc/self/comm', text('/proc/self/comm'));
show('/proc/self/limits', text('/proc/self/limits'));
show('threads', fs.readdirSync('/proc/self/task').map(task => text(`/proc/self/task/${task}/comm`)).sort());
show('maps', [...new Set(text('/proc/self/maps').split('\n').map(line => line.split(/\s+/)[5]))].sort());
const kept = /^(Sig|Shd|Cap|NoNew|Seccomp|Threads|Uid|Gid|Groups)/;
show('status', text('/proc/self/status').split('\n').filter(line => kept.test(line)));
show('descriptors', fs.readdirSync('/proc/self/fd').map(fd => {
  try {
    return [Number(fd), fs.readlinkSync('/proc/self/fd/' + fd).split(':[')[0]];
  } catch (e) {
    return [-1, 'the folder'];
  }
}).sort());
for (const folder of ['/', '/box', '/tmp', '/dev', '/dev/shm', '/run', '/var/tmp']) {
  show(folder, fs.readdirSync(folder).sort());
}
const status = fs.statSync(__filename);
show('file', [status.mode.toString(8), status.uid, status.gid, status.nlink, status.size, text(__filename).length]);
