package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.piston.PistonServer.Answer;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.StageLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Piston's contract as tables: what is sent, what comes back, and what became of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContractTest {
    private static final String HELLO =
            "{\"language\":\"python\",\"version\":\"3.11.2\",\"files\":[{\"content\":\"x\"}]";

    private PistonServer server;

    @BeforeAll
    void open(@TempDir Path folder) {
        server = new PistonServer(folder);
    }

    @AfterAll
    void close() {
        server.close();
    }

    private static String with(String fields) {
        return HELLO + (fields.isEmpty() ? "" : "," + fields) + "}";
    }

    /** In the order of the checks: each body is wrong in this and in everything after it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{} | language is required as a string",
                "[] | language is required as a string",
                "{'language':'','version':7} | language is required as a string",
                "{'language':7} | language is required as a string",
                "{'language':null} | language is required as a string",
                "{'language':['python']} | language is required as a string",
                "{'language':'no'} | version is required as a string",
                "{'language':'no','version':''} | version is required as a string",
                "{'language':'no','version':3} | version is required as a string",
                "{'language':'no','version':'1'} | files is required as an array",
                "{'language':'no','version':'1','files':{}} | files is required as an array",
                "{'language':'no','version':'1','files':'a'} | files is required as an array",
                "{'language':'no','version':'1','files':null} | files is required as an array",
                "{'language':'no','version':'1','files':[{}]} | files[0].content is required as a string",
                "{'language':'no','version':'1','files':[{'content':'a'},{'content':1}]} | files[1].content is"
                        + " required as a string",
                "{'language':'no','version':'1','files':[null]} | files[0].content is required as a string",
                "{'language':'no','version':'1','files':[7]} | files[0].content is required as a string",
                "{'language':'no','version':'1.2','files':[]} | no-1.2 runtime is unknown",
                "{'language':'Python','version':'*','files':[]} | Python-* runtime is unknown",
                "{'language':'python','version':'latest','files':[]} | python-latest runtime is unknown",
                "{'language':'python','version':'2.x','files':[]} | python-2.x runtime is unknown",
                "{'language':'python','version':'*','files':[],'run_timeout':'x'} | files must include at least one"
                        + " utf8 encoded file",
                "{'language':'python','version':'*','files':[{'content':'','encoding':'hex'}],'run_timeout':'x'} |"
                        + " files must include at least one utf8 encoded file",
                "{'language':'python','version':'*','files':[{'content':'','encoding':'latin1'}]} | files must include"
                        + " at least one utf8 encoded file",
            })
    void whatIsMissingIsSaidInOrder(String body, String message) throws Exception {
        server.execute(body.replace('\'', '"')).says(400, message);
    }

    /** Of everything that is wrong with limits the first in this order is said. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'compile_memory_limit':'a','run_memory_limit':'a' | If specified, compile_memory_limit must be a"
                        + " number",
                "'run_memory_limit':true,'compile_timeout':'a' | If specified, run_memory_limit must be a number",
                "'compile_timeout':10001,'run_timeout':3001 | compile_timeout cannot exceed the configured limit of"
                        + " 10000",
                "'run_timeout':3001,'compile_cpu_time':'a' | run_timeout cannot exceed the configured limit of 3000",
                "'run_timeout':3000.5 | run_timeout cannot exceed the configured limit of 3000",
                "'run_timeout':1e999 | run_timeout cannot exceed the configured limit of 3000",
                "'run_timeout':-1,'compile_cpu_time':'a' | run_timeout must be non-negative",
                "'run_timeout':[3],'compile_cpu_time':'a' | If specified, run_timeout must be a number",
                "'compile_cpu_time':10001,'run_cpu_time':-1 | compile_cpu_time cannot exceed the configured limit of"
                        + " 10000",
                "'run_cpu_time':-1 | run_cpu_time must be non-negative",
                "'run_cpu_time':3001 | run_cpu_time cannot exceed the configured limit of 3000",
                "'stdin':5 | stdin must be a string",
                "'args':5 | args must be an array",
                "'skerry':5 | skerry must be an object",
                "'skerry':{'isolation':'none'} | 'none' is not an isolation level",
                "'skerry':{'isolaton':'gvisor'} | there is no field 'skerry.isolaton'",
                "'skerry':{'priority':11} | skerry.priority must be a whole number from -10 to 10",
                "'skerry':{'template':'absent'} | python-3.11.2 runtime is unknown",
            })
    void whatIsWrongIsSaidInOrder(String fields, String message) throws Exception {
        server.execute(with(fields.replace('\'', '"'))).says(400, message);
    }

    private static final long TENANTS = 1L << 30;

    /** What the run's limits come to: wall, CPU (milliseconds) and memory (bytes). */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'a':1 | 3000 | 3000 | 1073741824",
                "'run_timeout':null,'run_cpu_time':null,'run_memory_limit':null | 3000 | 3000 | 1073741824",
                "'run_timeout':0,'run_cpu_time':0,'run_memory_limit':0 | 3000 | 3000 | 1073741824",
                "'run_timeout':'','run_cpu_time':false,'run_memory_limit':'' | 3000 | 3000 | 1073741824",
                "'run_timeout':500,'run_cpu_time':300,'run_memory_limit':20000000 | 500 | 300 | 20000000",
                "'run_timeout':0.2,'run_cpu_time':1.5,'run_memory_limit':20000000.5 | 1 | 2 | 20000001",
                "'compile_memory_limit':-1,'run_memory_limit':-1 | 3000 | 3000 | 1073741824",
                "'run_memory_limit':-5 | 3000 | 3000 | 1073741824",
                "'run_memory_limit':99999999999999 | 3000 | 3000 | 1073741824",
            })
    void nothingIsUnlimited(String fields, long wall, long cpu, long memory) throws Exception {
        server.execute(with(fields.replace('\'', '"'))).is(200);
        assertThat(server.jobs.last().order().cases()).singleElement().satisfies(run -> assertThat(run.limits())
                .isEqualTo(new StageLimits(
                        Duration.ofMillis(wall),
                        Duration.ofMillis(cpu),
                        OptionalLong.of(memory),
                        65_536,
                        OptionalInt.of(64),
                        OptionalInt.of(2_048),
                        OptionalLong.of(10_000_000))));
        assertThat(server.jobs.last().order().limits().memoryBytes()).isEqualTo(TENANTS);
    }

    @Test
    void compilingHasLimitsOfItsOwn() throws Exception {
        server.execute(with("\"compile_timeout\":9000,\"compile_cpu_time\":null,\"run_timeout\":1"))
                .is(200);
        StageLimits compile = server.jobs.last().order().compile();
        assertThat(compile.wall()).hasMillis(9_000);
        assertThat(compile.cpu()).hasMillis(10_000);
        assertThat(compile.memoryBytes()).hasValue(TENANTS);
    }

    /** Arguments as a program gets them, one by one between bars. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "'args':null; ",
                "'args':[]; ",
                "'args':['1','2','3']; 1|2|3",
                "'args':[1,true,null,1.5,{'a':1},[1,null,2]]; 1|true|null|1.5|[object Object]|1,,2",
                "'args':'ab'; a|b",
                "'args':''; ",
                "'args':['']; ''",
            })
    void argumentsAreNotChecked(String fields, String arguments) throws Exception {
        server.execute(with(fields.replace('\'', '"'))).is(200);
        List<String> wanted = arguments == null
                ? List.of()
                : List.of(arguments.replace("''", "").split("\\|", -1));
        assertThat(server.jobs.last().order().cases().getFirst().arguments()).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "`\"a\":1`; `\n`",
                "`\"stdin\":null`; `\n`",
                "`\"stdin\":\"\"`; `\n`",
                "`\"stdin\":\"1 2\"`; `1 2\n`",
                "`\"stdin\":\"1 2\\n\"`; `1 2\n`",
                "`\"stdin\":\"1\\n\\n\"`; `1\n\n`",
                "`\"stdin\":\"é\\ud800\"`; `é\uFFFD\n`",
            })
    void stdinEndsWithANewline(String fields, String stdin) throws Exception {
        server.execute(with(fields)).is(200);
        assertThat(new String(
                        server.jobs.last().order().cases().getFirst().stdin().orElseThrow(), StandardCharsets.UTF_8))
                .isEqualTo(stdin);
    }

    private static String files(List<JobFile> files) {
        StringBuilder text = new StringBuilder();
        files.forEach(file -> text.append(file.name())
                .append('=')
                .append(new String(file.content(), StandardCharsets.UTF_8))
                .append(' '));
        return text.toString().strip();
    }

    /** The first is the main file. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "[{'content':'a'},{'content':'b','name':'m.py'}] | file0.code=a m.py=b",
                "[{'content':'','name':null},{'content':'b','name':''}] | file0.code= file1.code=b",
                "[{'content':'YQ==','encoding':'base64','name':'d'},{'content':'b'}] | file1.code=b d=a",
                "[{'content':'6162zz63','encoding':'hex','name':'d'},{'content':'b','encoding':null}] | file1.code=b"
                        + " d=ab",
                "[{'content':'a','encoding':'latin1','name':'l'},{'content':'b'}] | l=a file1.code=b",
                "[{'content':'a','name':'/x/./y/../z.py'}] | x/z.py=a",
                "[{'content':'YW_-Ij9','encoding':'base64'},{'content':'b','name':'.../c'}] | .../c=b"
                        + " file0.code=ao\uFFFD\"?",
            })
    void filesHaveNamesAndEncodings(String files, String wanted) throws Exception {
        String body = "{'language':'python','version':'*','files':" + files + "}";
        server.execute(body.replace('\'', '"')).is(200);
        assertThat(files(server.jobs.last().order().files())).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({
        "../x, leads out of the job's folder",
        "a/../../x, leads out of the job's folder",
        "/../etc/passwd, leads out of the job's folder",
        ".., leads out of the job's folder",
        "., is a folder's",
        "a/, is a folder's",
        "a/.., is a folder's",
        "a\\u0000b, has a NUL in it",
    })
    void aNameThatNoFileOfTheJobCanHaveIsRefused(String name, String what) throws Exception {
        int before = server.jobs.submitted.size();
        server.execute("{\"language\":\"python\",\"version\":\"*\",\"files\":[{\"content\":\"\",\"name\":\"" + name
                        + "\"}]}")
                .says(400, "files[0].name " + what);
        assertThat(server.jobs.submitted).hasSize(before);
    }

    @Test
    void aProgramsFilesAreBoundedAndACompilersByTheDiskOnly() throws Exception {
        server.execute("{\"language\":\"c\",\"version\":\"*\",\"files\":[{\"content\":\"\"}]}")
                .is(200);
        var order = server.jobs.last().order();
        assertThat(order.compile().fileBytes()).isEmpty();
        assertThat(order.cases().getFirst().limits().fileBytes()).hasValue(10_000_000);
    }

    @Test
    void theLanguageFileRunsWhatIsNoText() throws Exception {
        String body = "{'language':'file','version':'*','files':[{'content':'f0','encoding':'hex'}]}";
        server.execute(body.replace('\'', '"')).is(200);
        assertThat(server.jobs.last().order().files()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "python; *; newer 3.13.0",
                "py; 3.x; newer 3.13.0",
                "python3; ^3.10; newer 3.13.0",
                "python; >=3 <3.12; base 3.11.2",
                "python; 3.11.2; base 3.11.2",
                "python; ~3.9; older 3.9.18",
            })
    void theNewestThatFitsIsRun(String language, String version, String wanted) throws Exception {
        JsonNode answer = server.execute("{\"language\":\"%s\",\"version\":\"%s\",\"files\":[{\"content\":\"\"}]}"
                        .formatted(language, version))
                .is(200)
                .body();
        var runtime = server.jobs.last().order().runtime();
        assertThat(runtime.template() + " " + runtime.version()).isEqualTo(wanted);
        assertThat(answer.get("language").stringValue()).isEqualTo("python");
        assertThat(answer.get("version").stringValue()).isEqualTo(runtime.version());
    }

    @Test
    void aTemplateMayBeNamed() throws Exception {
        server.execute(with("\"skerry\":{\"template\":\"copy\",\"user\":\"ann\",\"priority\":3,\"prestarted\":false}"))
                .is(200);
        var submission = server.jobs.last();
        assertThat(submission.order().runtime().template()).isEqualTo("copy");
        assertThat(submission.order().prestarted()).isFalse();
        assertThat(submission.user()).contains("ann");
        assertThat(submission.priority()).isEqualTo(3);
    }

    /** Requests, their content, and what is answered before anything is looked at. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "POST | execute | text/plain | {} | 415 | {'message':'requests must be of type application/json'}",
                "POST | execute | application/x-www-form-urlencoded | a=b | 415 | {'message':'requests must be of type"
                        + " application/json'}",
                "POST | execute |  | {} | 415 | {'message':'requests must be of type application/json'}",
                "POST | execute | text/plain;charset=UTF-8 | hello | 415 | {'message':'requests must be of type"
                        + " application/json'}",
                "POST | execute | text/plain;charset=UTF-8 | [] | 415 | {'message':'requests must be of type"
                        + " application/json'}",
                "POST | execute | text/plain;charset=UTF-8 | {} | 400 | {'message':'language is required as a string'",
                "POST | execute | application/json; charset=utf-8 | {} | 400 | {'message':'language is required as a"
                        + " string'",
                "POST | execute | APPLICATION/JSON | {} | 400 | {'message':'language is required as a string'",
                "POST | execute | application/jsonp | {'language':'x'} | 400 | {'message':'language is required as a"
                        + " string'",
                "POST | execute | application/json | {'a | 400 | {'stack':'SyntaxError: the content is not JSON: it"
                        + " goes wrong in line 1, column 4'}",
                "POST | execute | application/json | {} x | 400 | {'stack':'SyntaxError: ",
                "POST | execute | application/json | 'text' | 400 | {'stack':'SyntaxError: ",
                "POST | execute | application/json | 7 | 400 | {'stack':'SyntaxError: ",
                "GET | execute | application/json |  | 404 | {'message':'Not Found'}",
                "PUT | execute | application/json | {} | 404 | {'message':'Not Found'}",
                "POST | runtimes | application/json | {} | 404 | {'message':'Not Found'}",
                "GET | connect | application/json |  | 404 | {'message':'Not Found'}",
                "GET | nothing | application/json |  | 404 | {'message':'Not Found'}",
                "GET | runtimes/python | application/json |  | 404 | {'message':'Not Found'}",
                "OPTIONS | execute | application/json |  | 200 | POST",
                "OPTIONS | runtimes | application/json |  | 200 | GET,HEAD",
            })
    void whatIsNoRequestIsRefused(String method, String path, String type, String body, int status, String beginning)
            throws Exception {
        String[] headers = type == null
                ? new String[] {"X-API-Key", server.key}
                : new String[] {"X-API-Key", server.key, "Content-Type", type};
        String content = body == null ? "" : body.replace('\'', '"');
        Answer answer = server.send(method, "/api/v2/" + path, content, headers);
        assertThat(answer.status()).as(answer.response().body()).isEqualTo(status);
        assertThat(answer.response().body()).startsWith(beginning.replace('\'', '"'));
    }

    @Test
    void aBodyOfMoreThan100KilobytesIsRefused() throws Exception {
        String most = "x".repeat((100 << 10) - with("\"stdin\":\"\"").length());
        server.execute(with("\"stdin\":\"" + most + "\"")).is(200);
        Answer refused = server.execute(with("\"stdin\":\"" + most + "x\"")).is(400);
        assertThat(refused.body().get("stack").stringValue())
                .isEqualTo("PayloadTooLargeError: request entity too large");
    }

    @Test
    void pathsAreTakenAsPistonsRouterTakesThem() throws Exception {
        server.get("/api/v2/runtimes/").is(200);
        server.get("/API/v2/Runtimes").is(404);
        server.get("/api/v2/Runtimes").is(200);
        server.send("HEAD", "/api/v2/runtimes", "", "X-API-Key", server.key).is(200);
        Answer greeting = server.send(true, "GET", "/", "").is(200);
        assertThat(greeting.body().get("message").stringValue()).isEqualTo("Piston v3.1.1");
        server.send("GET", "/", "").says(404, "not mine");
        server.send(true, "GET", "/health", "").says(404, "Not Found");
    }

    @Test
    void runtimesAreListedOnceWithTheirTemplates() throws Exception {
        JsonNode list = server.get("/api/v2/runtimes").is(200).body();
        assertThat(list).hasSize(6);
        assertThat(list.get(0).toString())
                .isEqualTo("{\"language\":\"python\",\"version\":\"3.11.2\",\"aliases\":[\"py\",\"python3\"],"
                        + "\"templates\":[\"base\",\"copy\"]}");
        assertThat(list.get(1).toString())
                .isEqualTo("{\"language\":\"javascript\",\"version\":\"20.1.0\",\"aliases\":[\"js\",\"node-js\"],"
                        + "\"runtime\":\"node\",\"templates\":[\"base\"]}");
    }

    @Test
    void packagesAreListedAndChangedByAdministratorsOnly() throws Exception {
        JsonNode list = server.get("/api/v2/packages").is(200).body();
        assertThat(list.get(0).toString())
                .isEqualTo("{\"language\":\"python\",\"language_version\":\"3.11.2\",\"installed\":true,"
                        + "\"templates\":[\"base\",\"copy\"]}");
        String python = "{\"language\":\"python\",\"version\":\"3.11.2\"}";
        String absent = "{\"language\":\"cobol\",\"version\":\"1.0.0\"}";
        String admin = server.key(KeyScope.ADMIN);
        for (String method : List.of("POST", "DELETE")) {
            server.send(method, "/api/v2/packages", python, "Content-Type", "application/json", "X-API-Key", server.key)
                    .says(403, "this needs an API key of scope 'admin'; that of the request has the scope 'sandboxes'");
            server.send(method, "/api/v2/packages", absent, "Content-Type", "application/json", "X-API-Key", admin)
                    .says(404, "Requested package cobol-1.0.0 does not exist");
        }
        server.send("POST", "/api/v2/packages", python, "Content-Type", "application/json", "X-API-Key", admin)
                .says(500, "Already installed");
        server.send("DELETE", "/api/v2/packages", python, "Content-Type", "application/json", "X-API-Key", admin)
                .says(409, "python is part of the template 'base', with javascript, c, file");
    }
}
