import os,sys,json,types
def read(n):
    b=b""
    while len(b)<n:
        c=os.read(0,n-len(b))
        if not c: sys.exit(0)
        b+=c
    return b
setup=json.loads(read(int(read(10))))
for name,source in setup["modules"]:
    module=types.ModuleType(name)
    if name.endswith("_main"): module.SETUP=setup
    else: sys.modules[name]=module
    exec(compile(source,"<"+name+">","exec"),module.__dict__)
