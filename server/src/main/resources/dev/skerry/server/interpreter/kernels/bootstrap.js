{const fs=require("fs");
const read=n=>{const b=Buffer.alloc(n);let a=0;while(a<n){let c;
try{c=fs.readSync(7,b,a,n-a,null)}catch(e){if(e.code==="EAGAIN")continue;throw e}
if(!c)process.exit(0);a+=c}return b.toString()};
const setup=JSON.parse(read(Number(read(10))));
new (require("vm").Script)(setup.main,{filename:"skerry-kernel.js"}).runInThisContext()(require,setup)}
